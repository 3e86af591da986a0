"""The report, out of what was found: on a terminal, in Markdown, as one page of HTML, and as a page
for this folder's parent, with its plots as files beside it. Pure.
"""

import html
import json

import figures
import plots
import tables

PROMPT_BYTES = {"chat": 1 << 10, "chat-16k": 16 << 10, "chat-100k": 100 << 10, "chat-1m": 1 << 20}
PROMPT_SIZE_TITLE = "Cost against prompt size"
ORDINARY_CALL_NS = 300  # a bare system call on hardware, mitigations included, is below this

PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sluice compared</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 1560px; margin: 2em auto; padding: 0 1em; color: #222; }}
table {{ border-collapse: collapse; font-size: 12px; margin: .6em 0; display: block; overflow-x: auto; }}
th, td {{ padding: 3px 7px; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap; }}
th:first-child, td:first-child {{ text-align: left; }}
.plots {{ display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }}
svg {{ width: 560px; max-width: 100%; font: 12px system-ui, sans-serif; background: #fafafa; }}
.grid {{ stroke: #ddd; }}
.title {{ font-weight: 600; }}
.said {{ color: #555; font-size: 13px; }}
.broken {{ color: #b00020; font-weight: 600; }}
.held {{ color: #00692b; }}
.alert {{ color: #b00020; }}
</style>
{body}
</html>
"""


def scenario_text(name, result):
    lines = [tables.title(name, result)]
    if result["targets"]:
        lines.append(tables.as_text(tables.grid(result, result["unit"])))
    lines += ["\n" + tables.as_text(grid) + "\n" for grid in tables.profile_grids(result)]
    return "\n".join(lines + tables.conditions(result))


def machine_lines(found):
    machine = found["machine"]
    virtual = ", virtual" if machine["virtual"] else ""
    lines = [f"{machine['processor']}{virtual}, {machine['cores']} cores, Linux {machine['kernel']}, "
             f"{machine['system']}; {found['date']}",
             *source_lines(found),
             f"up to {found['rounds']} rounds of {found['seconds']:g} s: medians, with least and most"]
    call = machine["system_call_ns"]
    said = f"a bare system call costs {call:.0f} ns here"
    if call > ORDINARY_CALL_NS:
        said += (": several times what it costs on hardware without virtualisation, which flatters "
                 "whoever makes few of them (io_uring) and burdens whoever makes one per read and write")
    return [*lines, said]


def source_lines(found):
    """Which program was measured."""
    build = found["build"]
    commit = f"sources at {found['commit']}; " if found["commit"] else ""
    return [f"{commit}{build['version']}, {build['compiler']}" + f", {build['options']}" * bool(build["options"])]


def alerts(found):
    """What a reader must know before any number."""
    lines = []
    if found["partial"]:
        lines.append(f"PARTIAL: not all was measured that was asked for. {found['partial']}")
    if found["quick"]:
        lines.append("QUICK: so short a run tells whether all works, not what it costs; no budget is judged")
    if found["build"]["doubt"]:
        lines.append(f"BUILD: {found['build']['doubt']}")
    noisy = [name for name, result in found["scenarios"].items() if result["noisy"]]
    if noisy:
        lines.append(f"NOISY: {', '.join(noisy)}: meanwhile others used more than {figures.TOLERABLE_NOISE:.0%} of the machine")
    return lines


def about_lines(found):
    return machine_lines(found) + [f"{name}: {version}" for name, version in found["targets"].items()] + found["notes"]


def closing_text(found):
    return "\n".join([*about_lines(found), "", tables.as_text(tables.budget_grid(found["budgets"])), tables.BUDGET_RULE,
                      *alerts(found)])


def as_markdown(found, plots_of=lambda name: None):
    """`plots_of(name)` is the file that holds a scenario's plots, or None; the name None is of all scenarios'."""
    def shown(name, title):
        file = plots_of(name)
        return ["", f"![{title}]({file})"] if file else []
    parts = ["# Sluice compared", "", f"`{found['command']}`", "", *(f"**{line}**\n" for line in alerts(found))]
    parts += [f"- {line}" for line in about_lines(found)]
    parts += ["", "## Budgets", "", tables.as_markdown(tables.budget_grid(found["budgets"])), "", tables.BUDGET_RULE]
    parts += shown(None, PROMPT_SIZE_TITLE)
    for name, result in found["scenarios"].items():
        title = tables.title(name, result)
        parts += ["", f"## {title}", ""]
        if result["targets"]:
            parts += [tables.as_markdown(tables.grid(result, result["unit"])), ""]
        for grid in tables.profile_grids(result):
            parts += [tables.as_markdown(grid), ""]
        parts += [f"- {line}" for line in tables.conditions(result)]
        parts += shown(name, title)
    return "\n".join(parts) + "\n"


def as_html(found):
    parts = ["<h1>Sluice compared</h1>", f"<p><code>{html.escape(found['command'])}</code></p>"]
    parts += [f'<p class="alert">{html.escape(line)}</p>' for line in alerts(found)]
    parts.append(said(about_lines(found)))
    parts += ["<h2>Budgets</h2>", html_table(tables.budget_grid(found["budgets"])), said([tables.BUDGET_RULE])]
    overview = prompt_size_plot(found["scenarios"])
    if overview:
        parts += [f"<h2>{PROMPT_SIZE_TITLE}</h2>", f'<div class="plots">{overview}</div>']
    for name, result in found["scenarios"].items():
        parts.append(f"<h2>{html.escape(tables.title(name, result))}</h2>")
        if result["targets"]:
            parts.append(html_table(tables.grid(result, result["unit"])))
        parts += [html_table(grid) for grid in tables.profile_grids(result)]
        parts.append(f'<div class="plots">{"".join(scenario_plots(result))}</div>')
        parts.append(said(tables.conditions(result)))
    return PAGE.format(body="\n".join(parts))


def as_files(found):
    """The page to be kept with the sources, as {file name: text}: plots stand beside it as files."""
    drawn = {name: scenario_plots(result) for name, result in found["scenarios"].items()}
    drawn = {None: [prompt_size_plot(found["scenarios"])], **drawn}
    drawn = {name: [plot for plot in panels if plot] for name, panels in drawn.items()}
    file_of = {name: f"report-{name or 'prompt-size'}.svg" for name, panels in drawn.items() if panels}
    return {"REPORT.md": as_markdown(found, file_of.get), "REPORT.json": json.dumps(without_curves(found), indent=1) + "\n",
            **{file: plots.as_file(drawn[name], columns=2) for name, file in file_of.items()}}


def without_curves(found):
    """Every run's numbers. Its curves would be nine tenths of the file; their medians are kept."""
    scenarios = {name: {**result, "runs": {target: [{key: value for key, value in run.items() if not isinstance(value, list)}
                                                    for run in runs] for target, runs in result["runs"].items()}}
                 for name, result in found["scenarios"].items()}
    return {**found, "scenarios": scenarios}


def said(lines):
    return '<p class="said">' + "<br>".join(html.escape(line) for line in lines) + "</p>"


def html_table(rows):
    def row(cells, tag):
        marked = {"held": ' class="held"', "BROKEN": ' class="broken"'}
        return "<tr>" + "".join(f"<{tag}{marked.get(cell.partition(',')[0], '')}>{html.escape(cell)}</{tag}>"
                                for cell in cells) + "</tr>"
    return "<table>" + row(rows[0], "th") + "".join(row(cells, "td") for cells in rows[1:]) + "</table>"


def scenario_plots(result):
    """Each as an <svg>."""
    cost = {name: (metrics["user_us"]["median"], metrics["system_us"]["median"])
            for name, metrics in result["targets"].items() if "user_us" in metrics}
    drawn = [plots.bars(f"CPU us per {result['unit']}", cost, "us")]
    for title, by_target in result["curves"].items():
        drawn.append(plots.curves(title, by_target))
    for plot in result.get("lines", ()):
        drawn.append(plots.lines(plot["title"], plot["points"], plot["x"], plot["y"], y_log=plot.get("y_log", False)))
    return drawn


def prompt_size_plot(results):
    """CPU time per request against the size of the prompt, where two sizes were measured."""
    points = {}
    for scenario, size in PROMPT_BYTES.items():
        for name, metrics in results.get(scenario, {"targets": {}})["targets"].items():
            if "us" in metrics:
                points.setdefault(name, []).append((size, metrics["us"]["median"]))
    points = {name: found for name, found in points.items() if len(found) > 1}
    return plots.lines("CPU us per request", points, "bytes of prompt", "us", x_log=True, y_log=True)
