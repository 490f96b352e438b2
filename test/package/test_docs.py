"""What documents and code say of each other: paths and headings that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / 'facemesh_ros'
ROOT_DOCS = ('README.md', 'CONTRIBUTING.md', 'QUALITY_DECLARATION.md')
DOCS = [*(ROOT / name for name in ROOT_DOCS), *sorted((ROOT / 'docs').glob('*.md'))]
# Folders that commands make.
IGNORED = [
    line.lstrip('/') for line in (ROOT / '.gitignore').read_text(encoding='utf-8').splitlines()
]
ARCHITECTURE = (ROOT / 'docs' / 'architecture.md').read_text(encoding='utf-8')


def named(path):
    return path.relative_to(ROOT).as_posix()


def between(mark):
    return ARCHITECTURE.split(f'<!-- {mark} -->')[1].split(f'<!-- /{mark} -->')[0]


TO_LEARN_FROM = [
    path
    for pattern in ('tutorial*', 'how_to_*', 'explanation_*', 'limits')
    for path in sorted((ROOT / 'docs').glob(f'{pattern}.md'))
]


@pytest.mark.parametrize('document', TO_LEARN_FROM, ids=named)
def test_a_page_to_learn_from_ends_with_where_to_go_next(document):
    _, last = document.read_text(encoding='utf-8').rsplit('\n## ', 1)
    assert last.startswith('Next\n')
    assert '](' in last


@pytest.mark.parametrize('document', DOCS, ids=named)
def test_every_file_of_ours_that_is_named_exists(document):
    text = document.read_text(encoding='utf-8')
    for name in re.findall(r'`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`', text):
        is_generated = name in IGNORED
        assert is_generated or (ROOT / name).exists() or (PACKAGE / name).exists(), name


@pytest.mark.parametrize('document', DOCS, ids=named)
def test_every_link_within_the_repository_leads_somewhere(document):
    prose = re.sub(r'```.*?```', '', document.read_text(encoding='utf-8'), flags=re.S)
    for target in re.findall(r'\]\((?!https?://|#)([^)#]+)', prose):
        assert (document.parent / target).exists(), target


# Where documents are named: comments, messages of the log, help texts, scripts, workflows.
FOLDERS = (
    '.ci .github benchmarks config docker examples facemesh_ros include launch msg scripts tools'
)
SOURCES = [
    path
    for folder in FOLDERS.split()
    for path in sorted((ROOT / folder).rglob('*'))
    if path.is_file() and path.suffix not in ('.pyc', '.png')
]
NAMED_DOCUMENT = re.compile(r'(?<![\w/.])((?:docs/|README)[\w.]*\.(?:md|svg|png))(?:#([\w-]+))?')


def anchors(document):
    """Return the headings of a document as the forge links to them."""
    prose = re.sub(r'```.*?```', '', document.read_text(encoding='utf-8'), flags=re.S)
    heads = re.findall(r'^#+ (.*)$', prose, re.M)
    return {re.sub(r'[^\w -]', '', head.lower()).replace(' ', '-') for head in heads}


def test_every_document_that_is_named_in_code_exists():
    named = [
        (source, *found)
        for source in [*SOURCES, ROOT / 'CHANGELOG.rst', ROOT / 'CMakeLists.txt', ROOT / 'run']
        for found in NAMED_DOCUMENT.findall(source.read_text(encoding='utf-8', errors='replace'))
    ]
    assert len(named) > 40
    for source, name, anchor in named:
        document = ROOT / name
        assert document.exists() or (source.parent / name).exists(), f'{source}: {name}'
        assert not anchor or anchor in anchors(document), f'{source}: {name}#{anchor}'
