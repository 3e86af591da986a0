// Requests that a web page made: told from those of programs on this machine.
//
// A listener on a loopback address without keys trusts whoever can reach it. A browser on the same
// machine reaches it too, on behalf of any page it shows:
//
//   a page at https://evil.example posts to http://127.0.0.1:8080     Origin: https://evil.example
//   evil.example resolves to 127.0.0.1 after its page was loaded      Host: evil.example:8080
//
// The first needs no consent of ours (a "simple" request, whose answer the page cannot read, but
// whose bill we pay); the second reads answers as well. Both give themselves away by these fields,
// which no page can set. Pure functions.
#pragma once
#include <string_view>

namespace sluice::policy {

/// Whether `host`, as in a Host field or a URL's authority (a port may follow), names this machine:
/// localhost, a name below it (RFC 6761 section 6.3), 127.0.0.0/8 or [::1]. Never resolved: a name
/// that points here today may be anybody's.
[[nodiscard]] bool is_loopback_host(std::string_view host) noexcept;

/// Whether an Origin field (RFC 6454 section 7) is of a page that this machine itself serves over
/// http or https. "null" is not.
[[nodiscard]] bool is_loopback_origin(std::string_view origin) noexcept;

/// Whether a request may come from a program of this machine, as far as its fields tell. Empty:
/// there is no such field.
[[nodiscard]] bool is_local_request(std::string_view host, std::string_view origin) noexcept;

}  // namespace sluice::policy
