#include "name_cache.h"

namespace sluice::net {

NameEntry* NameCache::find_or_add(const std::string& name) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) {
    ages_.splice(ages_.end(), ages_, found->second->age);
    return found->second.get();
  }
  if (entries_.size() >= names_max_ && !make_room()) return nullptr;
  auto entry = std::make_unique<NameEntry>(executor_);
  entry->name = name;
  entry->age = ages_.insert(ages_.end(), entry.get());
  return entries_.emplace(name, std::move(entry)).first->second.get();
}

bool NameCache::make_room() {
  for (auto age = ages_.begin(); age != ages_.end(); ++age) {
    NameEntry* const entry = *age;
    if (entry->in_use()) continue;
    ages_.erase(age);
    entries_.erase(std::string(entry->name));
    return true;
  }
  return false;
}

}  // namespace sluice::net
