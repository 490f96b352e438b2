"""Libraries that stand in for NVIDIA's on machines without a GPU.

They calculate nothing. What ONNX Runtime says over them, and where it places nodes, is its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
DRIVER = 'libcuda.so.1'
RUNTIME = 'libcudart.so.13'
# It hands out something that is looked at, and tells what it sees of the environment when loaded.
_CUBLAS = """#include <stdio.h>
#include <stdlib.h>
int cublasCreate_v2(void **made) { *made = calloc(1, 64); return 0; }
__attribute__((constructor)) static void loaded(void) {
  const char *path = getenv("STAND_IN_LOADED"), *set = getenv("NVIDIA_TF32_OVERRIDE");
  FILE *file = path ? fopen(path, "w") : 0;
  if (!file) return;
  fputs(set ? set : "unset", file);
  fclose(file);
}
"""


def can_be_built() -> bool:
    """Return whether the tools are there."""
    return bool(shutil.which('cc') and shutil.which('objdump'))


def build_driver(folder: Path, name: str = DRIVER) -> Path:
    """Build the library; a process that loads it by its own name keeps finding it."""
    return _compile(folder, name, (HERE / 'driver.c').read_text())


def build_all(folder: Path, cuda_provider: Path) -> None:
    """Build all that ONNX Runtime's CUDA provider is linked to, but not cuDNN, which it opens."""
    build_driver(folder)
    runtime = (HERE / 'runtime.c').read_text()
    for library, symbols in _needed(cuda_provider).items():
        if library == DRIVER:
            continue
        source = {RUNTIME: runtime, 'libcublas.so.13': _CUBLAS}.get(library, '')
        written = set(re.findall(r'(\w+)\([^()]*\) *\{', source))
        rest = [f'int {name}() {{ return 0; }}' for name in sorted(symbols - written)]
        _compile(folder, library, '\n'.join([source, *rest]))


def _needed(cuda_provider: Path) -> dict[str, set[str]]:
    """Return the symbols that the provider takes from each library, none from some."""
    headers = subprocess.run(
        ['objdump', '-p', cuda_provider], capture_output=True, text=True, check=True
    ).stdout
    needed: dict[str, set[str]] = defaultdict(set)
    for library in re.findall(r'NEEDED +(libcu\S+)', headers):
        needed[library] = set()
    table = subprocess.run(
        ['objdump', '-T', cuda_provider], capture_output=True, text=True, check=True
    ).stdout
    for library, symbol in re.findall(
        r'\*UND\*\s+\S+\s+\(?(libcu[^\s)]+)\)?\s+(\S+)$', table, re.M
    ):
        needed[library].add(symbol)
    return needed


def _compile(folder: Path, library: str, source: str) -> Path:
    """Compile one library; each symbol gets the version by which NVIDIA's are linked."""
    code, versions = folder / f'{library}.c', folder / f'{library}.map'
    code.write_text(f'{source}\n')
    versions.write_text(f'{library} {{ global: *; }};\n')
    options = ['-w', '-shared', '-fPIC', f'-Wl,-soname,{library}']
    if library != DRIVER:
        options.append(f'-Wl,--version-script={versions}')
    subprocess.run(['cc', *options, '-o', folder / library, code], check=True)
    return folder / library
