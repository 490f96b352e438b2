"""A report shows what has changed since an earlier one, and nothing else twice."""

from __future__ import annotations

from common.report import Report, Table, read_rows

COLUMNS = [('kind', '{kind}'), ('found', '{found}'), ('false', '{false:.1f}')]


def report(found: int, false: float, before=None) -> Report:
    rows = [
        {'kind': 'mask', 'found': found, 'false': false},
        {'kind': 'dark', 'found': 7, 'false': None},
    ]
    return Report('', {}, (), [Table('kinds', 'Kinds', COLUMNS, rows)], before=before or {})


def cells(text: str, kind: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f'| {kind}'))
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_what_has_changed_shows_both_values(tmp_path):
    earlier = tmp_path / 'earlier.json'
    earlier.write_text(report(3, 0.24).as_json())
    text = report(5, 0.21, read_rows(earlier)).as_text()
    assert cells(text, 'mask') == ['mask', '3 → 5', '0.2']
    assert cells(text, 'dark') == ['dark', '7', '']


def test_without_an_earlier_report_there_is_one_value():
    assert cells(report(5, 0.2).as_text(), 'mask') == ['mask', '5', '0.2']
