"""The chart in the README: horizontal bars of the first Python's medians, as SVG, for light and dark backgrounds."""

# The groups that are drawn, and their titles.
PANELS = {
    "with-pip": "With pip",
    "cold": "With pip, nothing cached",
    "first-install": "With pip, and a first pip install",
    "without-pip": "Without pip",
}

# Differences that the bars do not show.
FAIRNESS = "uv uses hard links; uv and virtualenv write no .pyc files."

WIDTH = 760
# The left end of the bars.
LEFT = 200
# The length of the longest bar.
LONGEST = 460
BAR = 18
ROW = 26

STYLE = """
text { font-family: 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.note { font-size: 11px; fill: #59636e }
.own { font-weight: 600 }
rect.own { fill: #d9730d }
rect.floor { fill: #c4ccd4 }
rect.rival { fill: #6e8bb0 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  rect.own { fill: #f0883e }
  rect.floor { fill: #4a525b }
  rect.rival { fill: #5f7fa8 }
}
"""


def draw(groups):
    python = groups[0]["python"]
    found = {group["group"]: group["contestants"] for group in groups if group["python"] == python}
    body: list[str] = []
    y = 10
    for name, title in PANELS.items():
        if name in found:
            # The warm run in the cold group is only there for a goal.
            drawn = [contestant for contestant in found[name] if not contestant["name"].endswith(", warm")]
            y = panel(body, title, {each["name"]: each["median"] for each in drawn if each["failed"] is None}, y)
    note = f"Medians, {python}. Shorter is faster. Each group has its own scale. {FAIRNESS}"
    body.append(f'<text class="note" x="10" y="{y + 14}">{note}</text>')
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 28}" width="{WIDTH}" height="{y + 28}" '
        f'role="img" aria-label="{note}">',
        f"<style>{STYLE}</style>", *body, "</svg>", ""])


def panel(body, title, medians, y):
    """Draws a group from `y` downwards and returns where it ends."""
    longest = max(medians.values(), default=0)
    body.append(f'<text class="title" x="10" y="{y + 14}">{title}</text>')
    y += 26
    for name, median in medians.items():
        length = max(median / longest * LONGEST, 1)
        kind = "own" if name.startswith("rvenv") else "floor" if name.startswith("floor") else "rival"
        middle = y + BAR / 2 + 4.5
        body += [
            f'<text class="{kind}" x="{LEFT - 8}" y="{middle}" text-anchor="end">{name}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>',
            f'<text class="{kind}" x="{LEFT + length + 6:.1f}" y="{middle}">{shown(median)}</text>',
        ]
        y += ROW
    return y + 12


def shown(seconds):
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.{1 if seconds < 0.01 else 0}f} ms"
