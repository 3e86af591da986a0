"""Each rule of tools/check-catalogue, broken once in a copy of the data, must be found.

    check_catalogue_test.py SOURCE_ROOT
"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(sys.argv[1])
good = json.loads((root / "data" / "models.json").read_text(encoding="utf-8"))


def priced(data):
    return next(d for m in data["models"] for d in m["deployments"]
                if d.get("price") and d["price"].get("input") and d["price"].get("cache_read"))


def limited(data):
    return next(m for m in data["models"] if m.get("context_tokens") and m.get("max_output_tokens"))


def quirky(data):
    return next(p for p in data["providers"] if p["id"] == "mistral")


def rule(data):
    return data["trait_rules"][0]


CASES = {
    "schema_version": lambda d: d.update(schema_version=2),
    "the id is there twice": lambda d: d["providers"].append(copy.deepcopy(d["providers"][0])),
    "is also the": lambda d: d["models"][1]["aliases"].append(d["models"][0]["id"].upper()),
    "an alias is there twice": lambda d: d["models"][0]["aliases"].extend(["x-y", "X-Y"]),
    "must be lower case": lambda d: d["models"][0].update(id="UPPER"),
    "there is no provider": lambda d: priced(d).update(provider="nobody"),
    "is none of the provider's": lambda d: priced(d).update(regions=["atlantis"]),
    "is not listed under sources": lambda d: priced(d).update(price_sources=["hearsay"]),
    "it must be 0 to 700": lambda d: priced(d)["price"].update(output=701),
    "cache_read is above input": lambda d: priced(d)["price"].update(input=1, cache_read=2),
    "cache_write_1h is below": lambda d: priced(d)["price"].update(cache_write_5m=2,
                                                                     cache_write_1h=1),
    "a whole number above 0": lambda d: limited(d).update(context_tokens=0),
    "is above context_tokens": lambda d: limited(d).update(max_output_tokens=10**9),
    "a date is written": lambda d: d["models"][0].update(released="2026-02-30"),
    "are there twice": lambda d: d["models"][0]["deployments"].append(
        copy.deepcopy(d["models"][0]["deployments"][0])),
    "which is not there": lambda d: d["compat_ids"]["assemblyai"]["models"][0].update(model="no"),
    "is no trait of a host": lambda d: quirky(d)["quirks"].update(takes_prefill=False),
    "takes_stream_options must be true or false":
        lambda d: quirky(d)["quirks"].update(takes_stream_options=0),
    "output_tokens_name is": lambda d: quirky(d)["quirks"].update(output_tokens_name="tokens"),
    "call_id_letters must be": lambda d: quirky(d)["quirks"].update(call_id_letters=3),
    "refused must be sorted": lambda d: quirky(d)["quirks"].update(refused=["model"]),
    "quirks need quirk_sources": lambda d: quirky(d).update(quirk_sources=[]),
    "quirks are of hosts": lambda d: quirky(d).update(dialect="gemini"),
    "is no trait of a model": lambda d: rule(d)["traits"].update(sings=True),
    "prefill is": lambda d: quirky(d)["quirks"].update(prefill="suffix"),
    "thinking_switch is": lambda d: quirky(d)["quirks"].update(thinking_switch="lever"),
    "thinking_variable must be": lambda d: rule(d)["traits"].update(thinking_variable="a b"),
    "thinking is": lambda d: rule(d)["traits"].update(thinking="deep"),
    "takes_sampling must be true or false": lambda d: rule(d)["traits"].update(takes_sampling="no"),
    "must be a lower-case name": lambda d: rule(d)["models"].append("anthropic/claude-*"),
    "models is empty": lambda d: rule(d).update(models=[]),
    "traits is empty": lambda d: rule(d).update(traits={}),
    "sources is empty": lambda d: rule(d).update(sources=[]),
    "without a slash at its end": lambda d: d["providers"][0].update(base_url="https://h/"),
}

failed = 0
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "models.json"
    for expected, edit in CASES.items():
        data = copy.deepcopy(good)
        edit(data)
        path.write_text(json.dumps(data), encoding="utf-8")
        result = subprocess.run([sys.executable, root / "tools" / "check-catalogue", path],
                                capture_output=True, text=True, check=False)
        if result.returncode != 1 or expected not in result.stderr:
            failed += 1
            print(f"not found: {expected}\n{result.stderr}")
print(f"{len(CASES)} rules, {failed} not found")
sys.exit(1 if failed else 0)
