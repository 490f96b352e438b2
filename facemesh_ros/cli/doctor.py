"""`facemesh doctor`: what is installed, what really runs where, what is missing."""

from __future__ import annotations

import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    text = 'say what is installed, which provider really runs, and what is missing'
    parser = subparsers.add_parser('doctor', help=text, description=text.capitalize() + '.')
    parser.set_defaults(func=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from facemesh_ros.cli.diagnosis import diagnose

    findings = diagnose()
    for finding in findings:
        print(f'{finding.mark}  {finding.subject:<18} {finding.text}')
        if finding.cure:
            print(f'{"":>4}{"":<18} -> {finding.cure}')
    return 1 if any(finding.fatal for finding in findings) else 0
