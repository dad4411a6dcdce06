"""What a program printed, as a moving picture: an SVG whose lines appear when they were printed."""

import html
from collections.abc import Sequence

LINE, SIZE, WIDTH, SHOWN = 19, 14, 860, 24  # pixels; lines that are seen at the same time
COLOURS = {"🟢": "#5bd197", "🟡": "#f0c552", "🟠": "#ffa869", "🔴": "#ff938a", "⚪": "#b0ada4"}


def cast(lines: Sequence[tuple[float, str]], quicker: float) -> str:
    """Draw lines, each with its second; `quicker` shortens the pauses between them.

    Where the reader wants no motion the end of it stands still.
    """
    seconds = [moment / quicker for moment, _ in lines]
    end = seconds[-1] + 4
    drawn, rules = [], []
    for number, (second, (_, text)) in enumerate(zip(seconds, lines, strict=True)):
        drawn.append(f'<text class="l{number}" y="{LINE * (number + 1)}">{_spans(text)}</text>')
        share = 100 * second / end
        hidden, seen = f"0%,{share:.2f}%{{opacity:0}}", f"{share + 0.01:.2f}%,100%{{opacity:1}}"
        rules.append(f"@keyframes l{number}{{{hidden}{seen}}}")
        rules.append(f".l{number}{{animation:l{number} {end:.1f}s infinite}}")
    steps = [(0.0, 0)] + [
        (100 * second / end, max(0, number + 1 - SHOWN)) for number, second in enumerate(seconds)
    ]
    moves = "".join(f"{share:.2f}%{{transform:translateY(-{LINE * up}px)}}" for share, up in steps)
    rules.append(f"@keyframes roll{{{moves}}}.roll{{animation:roll {end:.1f}s step-end infinite}}")
    height = LINE * SHOWN + 24
    still = f".roll{{transform:translateY(-{LINE * max(0, len(lines) - SHOWN)}px)}}"
    style = (
        "text{font:14px/19px ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        "fill:#ecebe6;white-space:pre}"
        f"{still}@media (prefers-reduced-motion:no-preference){{{''.join(rules)}}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="A recorded outage, as isclaudedown tells it in a terminal">'
        f"<style>{style}</style>"
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#17171a"/>'
        f'<svg x="16" y="10" width="{WIDTH - 32}" height="{LINE * SHOWN + 4}">'
        f'<g class="roll">{"".join(drawn)}</g></svg></svg>'
    )


def _spans(text: str) -> str:
    """A line with its emoji as coloured signs, which every font has."""
    drawn = html.escape(text.rstrip(), quote=False)
    for sign, colour in COLOURS.items():
        drawn = drawn.replace(sign, f'<tspan fill="{colour}">●</tspan> ')
    return drawn
