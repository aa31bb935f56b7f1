"""A picture of a run: its losses and what was tried, and its LR below. Drawn by ourselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from autolrs._notebook.curves import Curves, Point

WIDTH, LEFT, RIGHT = 680, 76, 14
LOSS_TOP, LOSS_HEIGHT, LR_TOP, LR_HEIGHT, HEIGHT = 34, 210, 268, 84, 388
MOST_POINTS = 400
"""Of a line: more than the picture has columns for says nothing."""

SMALLEST_SHARE = 1e-4
"""Of the highest LR: a decay to 0 would flatten all else."""

_COMMITTED, _TRIED, _VALIDATION, _LR = "#1f5fbf", "#b3b3b3", "#d9730d", "#2b7a3d"


def draw(curves: Curves, title: str, lr_label: str = "LR") -> str:
    """The picture, as SVG.

    Args:
        curves: What to draw.
        title: Stands above.
        lr_label: What the lower curve is.
    """
    last = max((each[0] for line in (curves.losses, *curves.tried) for each in line), default=1)
    end = max(last, 1.0)
    losses = _Panel(LOSS_TOP, LOSS_HEIGHT, end, _loss_range(curves))
    highest = max((y for _, y in curves.lrs), default=1.0)
    shown = [max(y, highest * SMALLEST_SHARE) for _, y in curves.lrs]
    lrs = _Panel(LR_TOP, LR_HEIGHT, end, shown, is_log=True)
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" font-family="sans-serif" '
            f'font-size="11"><title>{escape(title)}</title>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<text x="{LEFT}" y="20" font-size="13">{escape(title)}</text>',
            _legend(bool(curves.validation)),
            losses.frame("loss"),
            *(losses.line(each, _TRIED, 1) for each in curves.tried),
            losses.line(curves.losses, _COMMITTED, 1.6),
            *(losses.dot(each, _VALIDATION) for each in curves.validation[-MOST_POINTS:]),
            lrs.frame(lr_label),
            lrs.line(curves.lrs, _LR, 1.6),
            f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">step</text>',
            lrs.step_ticks(),
            "</svg>",
        ]
    )


def _loss_range(curves: Curves) -> list[float]:
    """Losses that have to be seen: a trial that blows up may leave the picture."""
    tried = sorted(y for line in curves.tried for _, y in line)
    own = [y for _, y in (*curves.losses, *curves.validation)]
    if not own:
        return tried[: max(1, math.ceil(0.8 * len(tried)))]
    low, high = min(own), max(own)
    seen = [y for y in tried if low - (high - low) <= y <= high + 0.25 * (high - low)]
    return [*own, *seen]


def _legend(has_validation: bool) -> str:
    entries = [("committed", _COMMITTED), ("tried", _TRIED)]
    if has_validation:
        entries.append(("validation", _VALIDATION))
    x, parts = WIDTH - RIGHT, []
    for name, colour in reversed(entries):
        parts.append(f'<text x="{x}" y="20" text-anchor="end" fill="{colour}">{name}</text>')
        x -= 8 * len(name) + 10
    return "".join(parts)


class _Panel:
    """A frame in which lines are drawn.

    Args:
        top: Of the frame, in pixels.
        height: As `top`.
        end: The last step.
        values: What has to be seen.
        is_log: Whether ratios are seen, and not differences.
    """

    def __init__(
        self, top: int, height: int, end: float, values: Sequence[float], is_log: bool = False
    ) -> None:
        seen = [value for value in values if value > 0 or not is_log] or [1.0]
        low, high = min(seen), max(seen)
        # Losses that fall by much are seen as ratios too.
        self._is_log = is_log or (low > 0 and high > 20 * low)
        low, high = self._scaled(low), self._scaled(high)
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.1
        self._low, self._high = low - margin, high + margin
        self._top, self._height, self._end = top, height, end

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self._is_log else value

    def _x(self, step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / self._end

    def _y(self, value: float) -> float:
        share = (self._high - self._scaled(value)) / (self._high - self._low)
        return self._top + self._height * min(1.0, max(0.0, share))

    def frame(self, label: str) -> str:
        """The border, a label, and the values at three heights."""
        middle = self._top + self._height / 2
        parts = [
            f'<rect x="{LEFT}" y="{self._top}" width="{WIDTH - LEFT - RIGHT}" '
            f'height="{self._height}" fill="none" stroke="#ccc"/>',
            f'<text x="12" y="{middle}" transform="rotate(-90 12 {middle})" '
            f'text-anchor="middle">{escape(label)}</text>',
        ]
        for share in (0.08, 0.5, 0.92):
            scaled = self._high - share * (self._high - self._low)
            value = 10**scaled if self._is_log else scaled
            y = self._top + share * self._height
            parts.append(
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                f'stroke="#eee"/><text x="{LEFT - 6}" y="{y + 4:.1f}" '
                f'text-anchor="end">{value:.2g}</text>'
            )
        return "".join(parts)

    def step_ticks(self) -> str:
        """Numbers of steps below the frame."""
        tick = _round_up(self._end / 5)
        steps = [i * tick for i in range(int(0.93 * self._end / tick) + 1)]
        y = self._top + self._height + 15
        return "".join(
            f'<text x="{self._x(step):.1f}" y="{y}" text-anchor="middle">{step:,.0f}</text>'
            for step in steps
        )

    def line(self, points: Sequence[Point], colour: str, width: float) -> str:
        """A curve."""
        if not points:
            return ""
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in _thinned(points))
        return (
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
            'stroke-linejoin="round"/>'
        )

    def dot(self, point: Point, colour: str) -> str:
        """A single value."""
        x, y = self._x(point[0]), self._y(point[1])
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    if len(points) <= MOST_POINTS:
        return points
    size = math.ceil(len(points) / MOST_POINTS)
    bins = [points[i : i + size] for i in range(0, len(points), size)]
    return [(each[-1][0], sum(y for _, y in each) / len(each)) for each in bins]


def _round_up(value: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= value * 0.999)
