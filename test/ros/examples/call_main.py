"""Calls main() of a library with the other arguments."""

import ctypes
import sys

arguments = [argument.encode() for argument in sys.argv[1:]]
program = ctypes.CDLL(sys.argv[1])
sys.exit(program.main(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments)))
