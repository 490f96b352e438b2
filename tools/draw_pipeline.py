"""Draw what happens to an image, with the times of docs/benchmarks_tables.md.

./run shell -c 'python tools/draw_pipeline.py'
"""

from __future__ import annotations

from dataclasses import dataclass

from svg_sheet import BLUE, CHECKOUT, GREEN, GREY, ORANGE, PALE, Sheet

# One camera with raw images of 640x480, one face, all defaults.
ROW = ('1', '1', 'VGA raw', '')
TOP, STEP, BAR_X, PX_PER_MS = 62, 52, 334, 16
LEFT = 62
LOOP_FROM, LOOP_TO, METRIC = 7, 2, 8


@dataclass(frozen=True)
class Stage:
    """One line of the drawing.

    Attributes:
        title: What is done.
        how: In a few words.
        column: Its time in the table; empty if it is part of another.
        colour: Of its bar.
    """

    title: str
    how: str
    column: str = ''
    colour: str = BLUE


STAGES = (
    Stage('Image arrives', 'DDS and rclpy copy it', 'way in', GREY),
    Stage('Bytes become a frame', 'in place, or decoded', 'decode'),
    Stage('Where is each known face now?', 'constant velocity, by the stamp'),
    Stage('Search', 'windows of the image that are due', 'detect'),
    Stage('Crop', 'an upright square around each face', 'landmarks'),
    Stage('Networks', 'BlazeFace, FaceMesh, expressions', 'inference', ORANGE),
    Stage('Which face is which?', 'known, new, or none after all', 'other'),
    Stage('Filter', 'head motion and shape, apart', 'filter'),
    Stage('Head in metres', 'pose, size, gaze: with a calibration'),
    Stage('Messages', 'landmarks, frames on /tf, markers', 'publish', GREY),
)


def medians(heading: str) -> dict[str, float]:
    """Return the figures of our row of the table under a heading, ms by column."""
    tables = (CHECKOUT / 'docs' / 'benchmarks_tables.md').read_text(encoding='utf-8')
    lines = tables.split(heading)[1].split('\n\n')[1].splitlines()
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in lines]
    (row,) = (row for row in rows if tuple(row[:4]) == ROW)
    return {name: float(cell) for name, cell in list(zip(rows[0], row, strict=True))[4:] if cell}


def draw_stage(sheet: Sheet, index: int, stage: Stage, times: dict[str, float]) -> None:
    """Draw a stage, its time, and the way to the next one."""
    y = TOP + STEP * index
    sheet.box((LEFT, y), (258, 40), '#f5f7fa', '#b8c0cc')
    sheet.text((LEFT + 11, y + 17), stage.title, bold=True)
    sheet.text((LEFT + 11, y + 33), stage.how, GREY, size=13)
    if index + 1 < len(STAGES):
        sheet.arrow([(LEFT + 130, y + 41), (LEFT + 130, y + STEP - 1)], GREY)
    if stage.column:
        width = max(PX_PER_MS * times[stage.column], 1.5)
        sheet.box((BAR_X, y + 11), (width, 18), stage.colour, radius=2)
        sheet.text((BAR_X + width + 6, y + 25), f'{times[stage.column]:.2f}')


def main() -> None:
    """Write the drawing."""
    stages = medians('An image in the node')
    whole = medians('From the stamp of an image')
    sheet = Sheet(TOP + STEP * len(STAGES) + 62)
    sheet.text((LEFT, 28), 'What happens to an image', bold=True, size=16)
    sheet.text((BAR_X, 28), 'ms, median', bold=True)
    sheet.text((LEFT, 48), '640x480, one face, all defaults, one core', GREY, size=13)
    for index, stage in enumerate(STAGES):
        draw_stage(sheet, index, stage, stages)
    sheet.text((BAR_X, TOP + STEP * METRIC + 25), '+ 0.41, calibrated', GREEN)
    sheet.text(
        (BAR_X, TOP + STEP * LOOP_TO + 25), f'in the {stages["other"]:.2f} below', GREY, size=13
    )
    # What was seen and filtered says where to look in the next image.
    low, high = TOP + STEP * LOOP_FROM + 20, TOP + STEP * LOOP_TO + 20
    sheet.arrow([(LEFT - 1, low), (48, low), (48, high), (LEFT - 2, high)], BLUE, 2)
    for words, shift in (('next', -4), ('image', 14)):
        sheet.text((43, (low + high) / 2 + shift), words, BLUE, size=13, anchor='end')
    foot = TOP + STEP * len(STAGES)
    sheet.line([(LEFT, foot + 4), (440, foot + 4)], PALE, 2)
    sheet.text(
        (LEFT, foot + 26), f'Landmarks are out {whole["published, median"]:.1f} ms after the'
    )
    sheet.text((LEFT, foot + 46), 'stamp of the image; most of it is the networks.')
    sheet.save('explanation_pipeline.svg')


if __name__ == '__main__':
    main()
