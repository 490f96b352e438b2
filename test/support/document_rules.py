"""How the commands of the documents are tested, and which of them cannot be run here.

A program that is missing from `CHECKED_BY` fails `test/documents/test_every_command.py`.
"""

from __future__ import annotations

import re

from documents import Command, saved_program
from shell_words import SimpleCommand

# The tests of each program's commands; '' for what is the shell's own, or of every system.
CHECKED_BY = {
    'facemesh': 'test/documents/test_facemesh_commands.py',
    './run': 'test/documents/test_workspace_commands.py, test/ros/documents/test_demo_commands.py',
    'ros2': 'test/ros/documents/',
    **dict.fromkeys(('python', 'python3'), 'test/documents/test_python_commands.py'),
    **dict.fromkeys(
        ('apt', 'pip', 'pip3', 'docker', 'git', 'colcon', 'rosdep', 'rosdoc2', 'rviz2', 'fastdds'),
        'test/documents/test_other_programs.py',
    ),
    **dict.fromkeys(('sysctl', 'ubuntu-drivers', 'chmod', '.ci/run', 'ssh', 'scp', 'rsync'), ''),
    # Schedulers of clusters, which facemesh meets in test/cli.
    **dict.fromkeys(('dask', 'srun', 'sbatch'), ''),
    'rerun': '',  # the viewer's own command
    **dict.fromkeys(
        (
            'sudo',
            'cd',
            'cp',
            'export',
            'source',
            'head',
            'id',
            'mkdir',
            'echo',
            'sed',
            'cat',
            'exit',
            'wait',
        ),
        '',
    ),
}
# Commands by a pattern of their text, and why they are only read, not run. Each must match.
NOT_RUN = {
    r'facemesh models add FILE': 'takes minutes for a bundle; test/models adds each kind',
    r'facemesh models build-engines': 'needs TensorRT and a GPU',
    r'facemesh doctor .*(--require-gpu|--provider (cuda|tensorrt|openvino))': 'needs a GPU',
    r'\./run (test|check|docs)': 'what .ci/run itself does',
    r'\./run bench \S': 'minutes each, and needs pictures and peers',
    r'\./run fuzz': 'minutes; test/hostile and test/ros/hostile run some cases of each',
    r'\./run soak': 'ten minutes at least; test/benchmarks runs one short cycle',
    r'\./run demo .*--camera': 'needs a camera',
    r'\./run demo .*--view': 'needs a display',
    r'\./run demo .*--distro': 'another distribution may not be set up; .ci/run runs its demo',
}
# Subcommands of `facemesh` that are ROS nodes: test/ros/documents.
NODES = ('hri_bridge',)
# Commands that wait for somebody or something else, in whatever document.
WAITING = {
    r'facemesh view(?!.* --save)': 'stays until it is closed: test/cli, test/ros/viewer',
    r'facemesh run .*--view': 'opens a window or a page: test/cli',
    r'facemesh run .*--cluster': 'needs a scheduler and its workers: test/cli',
    r'facemesh run .*(?<= )/\w': 'files of another machine',
    r'facemesh run .*\$': 'variables of a batch system',
}
_REASONS = {re.compile(pattern): reason for pattern, reason in {**NOT_RUN, **WAITING}.items()}


def reason_not_to_run(command: SimpleCommand) -> str:
    """Return why a command is only read; empty if it is run."""
    text = ' '.join(command.words)
    return next((reason for pattern, reason in _REASONS.items() if pattern.match(text)), '')


def is_run(command: Command) -> bool:
    """Return whether a command is run as it stands: complete, cheap, and of these programs."""
    words = command.parts[0].words
    is_ours = words[:1] == ('facemesh',) or words[:2] == ('./run', 'demo')
    if saved_program(command):
        return True
    return (
        not command.is_mention
        and is_ours
        and words[1] not in NODES
        and not any(map(reason_not_to_run, command.parts))
    )
