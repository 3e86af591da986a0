"""What the shows found, as a page in Markdown with plots beside it. Pure."""

import plots
import tables

TITLES = {"hedging": "Hedging a long tail", "flapping": "Scoring by health beside a round robin"}


def grid(result):
    rows = [["", *(heading for _, heading, _ in result["columns"])]]
    for name, metrics in result["arms"].items():
        rows.append([name, *(tables.cell(metrics.get(key), 1, digits) for key, _, digits in result["columns"])])
    return rows


def table_text(result):
    return tables.as_text(grid(result))


def as_markdown(found):
    about = found["machine"]
    virtual = ", virtual" if about["virtual"] else ""
    parts = ["# What routing is worth", "", f"`{found['command']}`", "",
             f"- {about['processor']}{virtual}, {about['cores']} cores, Linux {about['kernel']}, {about['system']}; "
             f"{found['date']}; {found['version']}",
             "- Providers are `sluice-sim`; their delays are tens of milliseconds to seconds, beside which the machine's "
             "noise is small. Every single run is in `ROUTING.json`.",
             "- In brackets the least and most of the rounds, in front of them the median."]
    for name, result in found["shows"].items():
        parts += ["", f"## {TITLES[name]}", "", result["what"], "",
                  f"{result['rounds']} round{'s' * (result['rounds'] > 1)} of {result['seconds']:g} s, all arms at the same time; the machine was at "
                  f"work for {result['machine_used']:.0%} of the time.", "",
                  tables.as_markdown(grid(result)), "", *(f"- {note}" for note in result["notes"]), "",
                  f"![{TITLES[name]}](routing-{name}.svg)"]
    return "\n".join(parts) + "\n"


def as_svg(panels):
    """One file out of panels below each other."""
    return plots.as_file([draw(*panel) for panel in panels])


def draw(kind, title, by_arm, *labels):
    if kind == "curves":
        return plots.curves(title, by_arm, *labels)
    return plots.lines(title, by_arm, *labels)
