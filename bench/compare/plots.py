"""Plots as inline SVG. Pure: numbers in, text out; colours and sizes are the page's own.

    curves(...)   latency against how many requests had at most that: the tail gets the room
    bars(...)     user and system time, stacked
    lines(...)    a value against load or size
    as_file(...)  several of them as one file, for a page that cannot hold them
"""

import html
import math
import re

# Okabe and Ito's colours, which colour-blind readers tell apart. Who is not named here takes the rest.
COLOURS = {"sluice": "#0072b2", "haproxy": "#d55e00", "nginx": "#009e73", "floor": "#666666",
           "direct": "#bbbbbb"}
SPARE_COLOURS = ("#cc79a7", "#e69f00", "#56b4e9", "#000000")

WIDTH, HEIGHT = 560, 300
GAP = 10  # between two plots of a file
FILE_STYLE = "<style>svg{font:12px system-ui,sans-serif}.grid{stroke:#ddd}.title{font-weight:600}</style>"
LEFT, RIGHT, TOP, BOTTOM = 64, 26, 54, 44
BARS_TOP = 30  # they need no legend


def colour_of(name, names):
    if name in COLOURS:
        return COLOURS[name]
    others = [other for other in names if other not in COLOURS]
    return SPARE_COLOURS[others.index(name) % len(SPARE_COLOURS)]


class Axis:
    """Maps values to pixels, and says where its ticks are."""

    def __init__(self, low, high, start, end, logarithmic=False):
        self._log = logarithmic
        self._low, self._high = self._scaled(low), self._scaled(high)
        if self._high <= self._low:
            self._high = self._low + 1
        self._start, self._end = start, end

    def _scaled(self, value):
        return math.log10(max(value, 1e-9)) if self._log else value

    def at(self, value):
        share = (self._scaled(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self):
        if self._log:
            decades = range(math.ceil(self._low - 1e-9), math.floor(self._high + 1e-9) + 1)
            steps = (1,) if len(decades) > 3 else (1, 2, 5)
            values = [step * 10.0**decade for decade in range(math.floor(self._low), math.ceil(self._high) + 1)
                      for step in steps]
            values = [value for value in values if self._low - 1e-9 <= math.log10(value) <= self._high + 1e-9]
            # An axis from 210 to 450 has but one of them, or none.
            return values if len(values) > 1 else even_ticks(10.0**self._low, 10.0**self._high)
        return even_ticks(self._low, self._high)


def even_ticks(low, high):
    """About five, a round step apart."""
    step = round_step((high - low) / 5)
    return [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def round_step(rough):
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * (1 - 1e-9))


def short(value):
    """A number as an axis has it: 1500 is 1.5k."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def text(x, y, content, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{html.escape(content)}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def frame(title, parts, height=HEIGHT):
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{html.escape(title)}">'
            + text(LEFT, 18, title, "start", ' class="title"') + "".join(parts) + "</svg>")


def y_axis(axis, label):
    parts = []
    for value in axis.ticks():
        y = axis.at(value)
        parts += [line(LEFT, y, WIDTH - RIGHT, y, "grid"), text(LEFT - 6, y + 4, short(value), "end")]
    return [*parts, text(14, (TOP + HEIGHT - BOTTOM) / 2, label,
                         more=f' transform="rotate(-90 14 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"')]


def width_of(name):
    """Of a name in the page's letters, about."""
    return 7 * len(name)


def legend(names):
    """In as many rows as it takes; there is room for two."""
    parts, x, y = [], LEFT, 26
    for name in names:
        if x > LEFT and x + 14 + width_of(name) > WIDTH:
            x, y = LEFT, y + 14
        parts += [f'<rect x="{x}" y="{y}" width="10" height="10" fill="{colour_of(name, names)}"/>',
                  text(x + 14, y + 9, name, "start")]
        x += width_of(name) + 30
    return parts


def polyline(points, colour):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def nines(quantile):
    """How far out in the tail a quantile is: 0.9 is 1, 0.99 is 2."""
    return -math.log10(max(1 - quantile, 1e-12))


def curves(title, by_target, label="us"):
    """HDR curves: {target: [[quantile, value], ...]}."""
    points = {name: [(nines(q), value) for q, value in curve if q < 1 and value > 0]
              for name, curve in by_target.items()}
    points = {name: curve for name, curve in points.items() if curve}
    if not points:
        return ""
    values = [value for curve in points.values() for _, value in curve]
    x_axis = Axis(0, max(x for curve in points.values() for x, _ in curve), LEFT, WIDTH - RIGHT)
    y = Axis(min(values) / 1.1, max(values) * 1.1, HEIGHT - BOTTOM, TOP, logarithmic=True)
    parts = y_axis(y, label) + legend(list(points))
    for quantile in (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999):
        x = x_axis.at(nines(quantile))
        if x <= WIDTH - RIGHT + 1:
            parts += [line(x, TOP, x, HEIGHT - BOTTOM, "grid"), text(x, HEIGHT - BOTTOM + 16, f"{quantile:.5g}")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "share of requests at or below"))
    parts += [polyline([(x_axis.at(x), y.at(value)) for x, value in curve], colour_of(name, list(points)))
              for name, curve in points.items()]
    return frame(title, parts)


def bars(title, by_target, label):
    """User and system time stacked: {target: (user, system)}."""
    if not by_target:
        return ""
    names = list(by_target)
    row = 26
    height = BARS_TOP + row * len(names) + BOTTOM
    left = max(LEFT + 20, 10 + max(width_of(name) for name in names))
    axis = Axis(0, 1.08 * max(sum(pair) for pair in by_target.values()), left, WIDTH - RIGHT - 50)
    parts = []
    for value in axis.ticks():
        x = axis.at(value)
        parts += [line(x, BARS_TOP, x, height - BOTTOM, "grid"), text(x, height - BOTTOM + 16, short(value))]
    for index, (name, (user, system)) in enumerate(by_target.items()):
        y = BARS_TOP + index * row + 4
        start, middle, end = axis.at(0), axis.at(user), axis.at(user + system)
        colour = colour_of(name, names)
        parts += [text(left - 6, y + 13, name, "end"),
                  f'<rect x="{start:.1f}" y="{y}" width="{middle - start:.1f}" height="18" fill="{colour}"/>',
                  f'<rect x="{middle:.1f}" y="{y}" width="{end - middle:.1f}" height="18" fill="{colour}" '
                  'fill-opacity="0.45"/>',
                  text(end + 5, y + 13, f"{user + system:.3g}", "start")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, height - 8, f"{label}: user (dark) + system (light)"))
    return frame(title, parts, height)


def lines(title, by_target, x_label, y_label, x_log=False, y_log=False):
    """A value against another: {target: [(x, y), ...]}."""
    by_target = {name: points for name, points in by_target.items() if points}
    if not by_target:
        return ""
    xs = [x for points in by_target.values() for x, _ in points]
    ys = [y for points in by_target.values() for _, y in points]
    x_axis = Axis(min(xs) if x_log else 0, max(xs), LEFT, WIDTH - RIGHT, x_log)
    y = Axis(min(ys) / 1.1 if y_log else 0, max(ys) * 1.1, HEIGHT - BOTTOM, TOP, y_log)
    parts = y_axis(y, y_label) + legend(list(by_target))
    for value in x_axis.ticks():
        x = x_axis.at(value)
        parts += [line(x, TOP, x, HEIGHT - BOTTOM, "grid"), text(x, HEIGHT - BOTTOM + 16, short(value))]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_label))
    for name, points in by_target.items():
        colour = colour_of(name, list(by_target))
        places = [(x_axis.at(x), y.at(value)) for x, value in points]
        parts.append(polyline(places, colour))
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in places]
    return frame(title, parts)


def as_file(drawn, columns=1):
    """One file out of plots, row by row, readable by itself and on dark pages."""
    placed, x, y, row_height, width = [], 0, 0, 0, 0
    for index, plot in enumerate(drawn):
        if index > 0 and index % columns == 0:
            x, y, row_height = 0, y + row_height + GAP, 0
        height = int(re.match(r'<svg viewBox="0 0 \d+ (\d+)"', plot).group(1))
        placed.append(plot.replace("<svg ", f'<svg x="{x}" y="{y}" width="{WIDTH}" height="{height}" ', 1))
        width, row_height, x = max(width, x + WIDTH), max(row_height, height), x + WIDTH + GAP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + row_height}" width="{width}" '
            f'height="{y + row_height}">{FILE_STYLE}<rect width="100%" height="100%" fill="#fafafa"/>{"".join(placed)}</svg>\n')
