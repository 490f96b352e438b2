"""`facemesh doctor`: what is installed, what really runs where, what is missing."""

from __future__ import annotations

import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    text = 'say what is installed, which provider really runs, and what is missing'
    parser = subparsers.add_parser('doctor', help=text, description=text.capitalize() + '.')
    parser.add_argument(
        '--provider',
        default='auto',
        metavar='NAME',
        help='try this one: auto, tensorrt, cuda, openvino or cpu',
    )
    parser.add_argument(
        '--device-id', type=int, default=0, metavar='N', help='which GPU; 0 is the first'
    )
    parser.add_argument(
        '--require-gpu', action='store_true', help='as the parameter require_gpu of the node'
    )
    parser.set_defaults(func=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from facemesh_ros.cli.diagnosis import diagnose
    from facemesh_ros.inference.providers import ExecutionProviderError, ProviderChoice

    try:
        choice = ProviderChoice(arguments.provider, arguments.require_gpu, arguments.device_id)
    except ExecutionProviderError as error:  # names the node's parameter
        text = str(error).replace('execution_provider', '--provider', 1)
        raise ExecutionProviderError(text) from error
    findings = diagnose(choice)
    last = ''
    for finding in findings:
        print(f'{finding.mark}  {finding.subject:<18} {finding.text}')
        if finding.remedy:
            print(f'{"":>4}{"":<18} -> {"as above" if finding.remedy == last else finding.remedy}')
            last = finding.remedy
    return 1 if any(finding.fatal for finding in findings) else 0
