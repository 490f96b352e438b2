"""The documents as a site: built without a warning, and what is in it.

Sphinx has an environment of its own, `.venv/peers/docs`.
"""

from __future__ import annotations

import fnmatch
import html
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from chromium import chromium

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs'
# In a table of contents: a page, a pattern of pages, or a title with a page.
ENTRY = re.compile(r'^(?:.* <)?([\w/*]+)>?$', re.MULTILINE)
CONTENTS = re.compile(r'^```\{toctree\}\n(?::[^\n]*\n)*(.*?)^```', re.MULTILINE | re.DOTALL)
RESOURCES = {'script': 'src', 'img': 'src', 'iframe': 'src', 'source': 'src', 'link': 'href'}


@pytest.fixture(scope='module')
def pages(tmp_path_factory):
    """Return the module that makes the site; skip where its packages cannot be had."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(ROOT / 'tools')
    from workspace import pages
    from workspace.layout import SetupError
    from workspace.peers import peer_python

    try:
        peer_python('docs')
    except SetupError as error:
        pytest.skip(f'Sphinx cannot be installed: {error}')
    yield pages
    patch.undo()


@pytest.fixture(scope='module')
def site(pages, tmp_path_factory):
    """Return the folder of the site's pages, built with every warning an error."""
    folder = tmp_path_factory.mktemp('site')
    assert pages.make_pages(folder) == 0
    return folder / 'html'


def text_of(page):
    """Return what a reader of a page sees, in one line."""
    body = page.read_text(encoding='utf-8').partition('<article')[2].partition('</article>')[0]
    return ' '.join(html.unescape(re.sub(r'<[^>]*>', '', body)).split())


def entries():
    """Return what the tables of contents on the first page name."""
    first = (DOCS / 'index.md').read_text(encoding='utf-8')
    return [entry for names in CONTENTS.findall(first) for entry in ENTRY.findall(names)]


def test_every_document_is_in_a_table_of_contents():
    written = {path.stem for path in DOCS.glob('*.md')} - {'index'}
    listed = [entry for entry in entries() if '/' not in entry]
    assert [page for page in written if not any(fnmatch.fnmatch(page, it) for it in listed)] == []
    assert {entry for entry in listed if '*' not in entry} <= written


def test_reference_pages_are_those_of_the_tables_of_contents(site):
    named = {entry.partition('/')[2] for entry in entries() if entry.startswith('reference/')}
    assert {page.stem for page in (site / 'reference').iterdir()} == named
    assert {'messages', 'parameters', 'topics', 'python', 'cpp', 'facemesh'} <= named


class Resources(HTMLParser):
    """Collects what a browser loads together with a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        value = dict(attributes).get(RESOURCES.get(tag, ''))
        if value:
            self.found.append(value)


def test_nothing_comes_from_other_servers(site):
    count = 0
    for page in site.rglob('*.html'):
        resources = Resources()
        resources.feed(page.read_text(encoding='utf-8'))
        count += len(resources.found)
        assert [it for it in resources.found if re.match(r'(https?:)?//', it)] == [], page
    for sheet in site.rglob('*.css'):
        assert not re.search(r'(url\(|@import)\s*["\']?(https?:)?//', sheet.read_text()), sheet
    assert count > 100


PHONE_PX = 360
WIDTHS = """
<body onload="for (const page of document.querySelectorAll('iframe')) {{
  const width = page.contentDocument.querySelector('.content').scrollWidth
  document.body.append(`[${{page.getAttribute('src')}} ${{width}}]`)
}}">{frames}</body>"""


def test_no_page_is_wider_than_a_phone(site, tmp_path, require):
    """Tables and code that are wide move by themselves, or all text would move with them."""
    require(chromium(), 'Chromium')
    names = sorted(page.relative_to(site).as_posix() for page in site.rglob('*.html'))
    frame = f'<iframe src="{{}}" style="width: {PHONE_PX}px; height: 640px; border: 0"></iframe>'
    measuring = site / 'widths.html'
    measuring.write_text(WIDTHS.format(frames=''.join(map(frame.format, names))))
    try:
        shown = dumped_by_chromium(measuring, tmp_path)
    finally:
        measuring.unlink()
    widths = {name: int(width) for name, width in re.findall(r'\[([\w./-]+) (\d+)\]', shown)}
    assert [*widths] == names
    assert {name: width for name, width in widths.items() if width > PHONE_PX} == {}


def dumped_by_chromium(page, profile):
    """Return a page of files as it is after its scripts have run."""
    options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars']
    options += ['--allow-file-access-from-files']
    command = [chromium(), *options, f'--user-data-dir={profile}', '--dump-dom', page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout


def test_help_of_commands_is_shown_word_for_word(site):
    from facemesh_ros.cli.main import command_parser

    shown = text_of(site / 'reference' / 'facemesh.html')
    (commands,) = [it for it in command_parser()._actions if it.choices]
    helps = [action.help for it in commands.choices.values() for action in it._actions]
    assert len(helps) > 20
    for said in filter(None, helps):
        assert ' '.join(said.replace('`', '').split()) in shown


def test_units_and_meanings_of_messages_are_shown(site):
    shown = text_of(site / 'reference' / 'messages.html')
    for said in (
        '3*N row-major: x px, y px, z in px of the same scale (smaller is nearer)',
        'STATE_COASTING = 2 not seen in this image, kept for a few images',
        'rad, 1 standard deviation of either; NaN if unknown',
    ):
        assert said in re.sub(r'\s+', ' ', shown), said


def test_docstrings_are_shown_as_they_are_meant(site):
    page = (site / 'reference' / 'python.html').read_text(encoding='utf-8')
    assert 'id="facemesh_ros.consumer.head_pose"' in page
    shown = text_of(site / 'reference' / 'python.html')
    assert "Return the head's pose as a matrix (4, 4), image frame from face axes" in shown
    assert 'gap = |upper_lip_inner - lower_lip_inner|' in shown
    assert '`' not in shown


def test_cpp_interface_is_shown_without_what_is_behind_it(site):
    shown = text_of(site / 'reference' / 'cpp.html')
    for said in (
        'explicit Points(const std::vector<float> & flat);',
        'bool is_at(double share = 0.9) const;',
        'const Vector & point_m = {0, 0, 0});',
        'inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();',
    ):
        assert said in shown, said
    for hidden in ('detail::', '#ifndef', 'return', 'private:', 'data_'):
        assert hidden not in shown, hidden


def test_links_of_the_repository_lead_to_pages(site):
    """A link to a file of messages, of parameters or to the README is one to what shows it."""
    readme = (site / 'reference' / 'readme.html').read_text(encoding='utf-8')
    assert 'href="messages.html#facemesharray"' in readme
    assert 'href="../recall.html"' in readme
    launch = (site / 'outputs.html').read_text(encoding='utf-8')
    assert 'href="reference/readme.html' in launch + (site / 'install.html').read_text()
    quality = (site / 'reference' / 'quality_declaration.html').read_text(encoding='utf-8')
    assert re.search(r'href="\.\./_downloads/\w+/LICENSE"', quality)


def test_faults_are_found(pages, tmp_path, monkeypatch, capfd):
    for name in ('facemesh_ros', 'tools', 'msg', 'launch', 'include', *pages_of_the_root()):
        (tmp_path / name).symlink_to(ROOT / name)
    docs = tmp_path / 'docs'
    docs.mkdir()
    shutil.copy(DOCS / 'conf.py', docs)
    (docs / '_static').mkdir()
    (docs / 'index.md').write_text('# Site\n\n```{toctree}\nfaulty\nmissing\n```\n')
    (docs / 'forgotten.md').write_text('# Forgotten\n')
    (docs / 'faulty.md').write_text(
        '# Faulty\n\n[a](nowhere.md) [b](#nothing) [c](../README.md#nobody) ![d](no.png)\n'
    )
    monkeypatch.setattr(pages, 'ROOT', tmp_path)
    assert pages.make_pages(tmp_path / 'site') != 0
    said = capfd.readouterr().err
    for fault in ('nowhere.md', 'nothing', 'nobody', 'no.png', "'missing'"):
        assert re.search(rf'WARNING: .*{fault}', said), said
    assert re.search(r"forgotten\.md: WARNING: document isn't included in any toctree", said)


def pages_of_the_root():
    from reference.repository import ROOT_DOCUMENTS

    return ROOT_DOCUMENTS
