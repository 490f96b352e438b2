"""Draw what runs where when two cameras share a GPU. It shows an order, and no times.

./run shell -c 'python tools/draw_gpu.py'
"""

from __future__ import annotations

from dataclasses import dataclass

from svg_sheet import BLUE, GREEN, GREY, ORANGE, PALE, Sheet

LEFT, TOP, LANE = 16.0, 92.0, 74.0
PROCESSOR, GRAPHICS = '#eaf0fb', '#fdf0dd'


@dataclass(frozen=True)
class Lane:
    """What does work: a thread of the processor, or the GPU.

    Attributes:
        title: Who it is.
        role: What of it matters.
        tasks: From and to, px of the way from left to right; words; colour.
        fill: Of its background.
    """

    title: str
    role: str
    tasks: tuple[tuple[float, float, str, str], ...]
    fill: str = PROCESSOR


LANES = (
    Lane(
        'camera 1',
        'its own thread',
        ((0, 78, 'expect', BLUE), (266, 354, 'assign, filter', BLUE), (360, 440, 'publish', GREY)),
    ),
    Lane(
        'camera 2',
        'its own thread',
        (
            (30, 100, 'expect', GREEN),
            (274, 362, 'assign, filter', GREEN),
            (368, 444, 'publish', GREY),
        ),
    ),
    Lane(
        'batching',
        'one thread, takes all that wait',
        ((106, 166, 'pack', ORANGE), (206, 262, 'unpack', ORANGE)),
    ),
    Lane(
        'GPU',
        'one graph per batch size',
        ((82, 146, 'upload', GREY), (152, 206, 'crops', ORANGE), (212, 258, 'nets', ORANGE)),
        GRAPHICS,
    ),
)


def middle(lane: int) -> float:
    """Return the height of a lane's tasks, px."""
    return TOP + LANE * lane + 34


def draw_lane(sheet: Sheet, index: int) -> None:
    """Draw a lane and what is done in it, from left to right."""
    lane, top = LANES[index], TOP + LANE * index
    sheet.box((8, top - 4), (464, LANE - 10), lane.fill)
    sheet.text((LEFT, top + 13), lane.title, bold=True)
    sheet.text((464, top + 13), lane.role, GREY, size=13, anchor='end')
    for first, last, words, colour in lane.tasks:
        sheet.box((LEFT + first, top + 22), (last - first, 26), '#fff', colour)
        sheet.text((LEFT + (first + last) / 2, top + 40), words, colour, size=13, anchor='middle')


def hand_over(sheet: Sheet, start: tuple[int, float], end: tuple[int, float], colour: str) -> None:
    """Draw an arrow from a task of one lane to one of another, each by lane and px."""
    (first, x), (last, to_x) = start, end
    down = 13 if last > first else -13
    sheet.arrow(
        [(LEFT + x, middle(first) + down), (LEFT + to_x, middle(last) - down)], colour, 1.8
    )


def main() -> None:
    """Write the drawing."""
    sheet = Sheet(TOP + LANE * len(LANES) + 122)
    sheet.text((LEFT, 26), 'Two cameras, one GPU', bold=True, size=16)
    sheet.text((LEFT, 48), 'From left to right: the order of the work on one image of each', GREY)
    sheet.text((LEFT, 66), 'camera. Lengths are no times: no GPU has been measured.', GREY)
    for index in range(len(LANES)):
        draw_lane(sheet, index)
    hand_over(sheet, (0, 70), (2, 112), BLUE)
    hand_over(sheet, (1, 92), (2, 128), GREEN)
    hand_over(sheet, (2, 150), (3, 172), ORANGE)
    hand_over(sheet, (3, 240), (2, 226), ORANGE)
    hand_over(sheet, (2, 236), (0, 284), BLUE)
    hand_over(sheet, (2, 250), (1, 292), GREEN)
    foot = TOP + LANE * len(LANES) + 20
    notes = (
        'Each image is uploaded once, each batch downloaded once.',
        'Nobody waits for a batch to fill: while the GPU works, others queue up,',
        'so batches grow with the load. With one camera its own thread runs',
        'the GPU, and nothing is handed over. Without a GPU each thread crops',
        'and runs the networks itself, as many at once as there are cores.',
    )
    sheet.line([(LEFT, foot - 14), (464, foot - 14)], PALE, 1)
    for row, words in enumerate(notes):
        sheet.text((LEFT, foot + 6 + 20 * row), words, size=13)
    sheet.save('explanation_gpu.svg')


if __name__ == '__main__':
    main()
