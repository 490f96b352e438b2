"""Random walks of lifecycle transitions, services, parameters and images against a real node.

The model is the lifecycle's own state diagram (REP 2002 design article): what it does not allow is
refused and changes nothing. At the end the process holds what it held at the beginning.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
from std_srvs.srv import SetBool, Trigger

FAST = ('autostart:=false', 'landmark_model:=mesh', 'detector:=short_range')
# State diagram: what leads from each state to which.
ALLOWED = {
    'unconfigured': {'configure': 'inactive'},
    'inactive': {'activate': 'active', 'cleanup': 'unconfigured'},
    'active': {'deactivate': 'inactive'},
}
WAY_HOME = {'active': 'deactivate', 'inactive': 'cleanup'}
IDS = {
    'configure': Transition.TRANSITION_CONFIGURE,
    'cleanup': Transition.TRANSITION_CLEANUP,
    'activate': Transition.TRANSITION_ACTIVATE,
    'deactivate': Transition.TRANSITION_DEACTIVATE,
}
SHUTDOWN = {'unconfigured_shutdown', 'inactive_shutdown', 'active_shutdown', 'shutdown'}
# A settled heap varies by 4 MB; a sensor that is left behind 40 times is 400 MB.
ALLOWED_MB = 24


def usage(process_id: int) -> tuple[float, int, int]:
    """Resident memory in MB, threads, open files."""
    folder = Path(f'/proc/{process_id}')
    found = dict(re.findall(r'^(VmRSS|Threads):\s+(\d+)', (folder / 'status').read_text(), re.M))
    return int(found['VmRSS']) / 1024, int(found['Threads']), len(list((folder / 'fd').iterdir()))


def walk_of(client, face_msg):
    """The state machine of one node process, which outlives all walks."""

    def call(kind, name, request):
        return client.call(kind, f'facemesh/{name}', request)

    class Walk(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.state, self.enabled = 'unconfigured', True

        def change(self, label):
            request = ChangeState.Request(transition=Transition(id=IDS[label]))
            return call(ChangeState, 'change_state', request).success

        @rule(label=st.sampled_from(sorted(IDS)))
        def any_transition(self, label):
            allowed = ALLOWED[self.state]
            assert self.change(label) is (label in allowed)
            self.state = allowed.get(label, self.state)
            self.has_its_state()

        @rule(choices=st.lists(st.booleans(), min_size=1, max_size=8))
        def allowed_transitions(self, choices):
            for choice in choices:
                labels = sorted(ALLOWED[self.state])
                label = labels[choice % len(labels)]
                assert self.change(label)
                self.state = ALLOWED[self.state][label]
            self.has_its_state()

        @rule()
        def image(self):
            msg = face_msg()
            if self.state == 'active' and self.enabled:
                assert client.answer_to(msg).faces
                return
            client.answers.clear()
            client.send(msg)
            client.spin_for(0.1)
            assert client.answers == []

        @rule(enabled=st.booleans())
        def enable(self, enabled):
            answer = call(SetBool, 'enable', SetBool.Request(data=enabled))
            assert answer.success
            assert ('takes effect when' in answer.message) is (self.state != 'active')
            self.enabled = enabled
            client.spin_for(0.2 if not enabled else 0)  # what was under way

        @rule()
        def reset(self):
            answer = call(Trigger, 'reset', Trigger.Request())
            assert answer.success
            assert ('there are no faces' in answer.message) is (self.state != 'active')

        @rule(
            change=st.sampled_from(
                [
                    ('max_coast_frames', {'integer_value': 7}, True),
                    ('filter.type', {'string_value': 'one_euro'}, True),
                    ('filter.type', {'string_value': 'rigid'}, True),
                    ('metric_mode', {'string_value': 'none'}, True),
                    ('metric_mode', {'string_value': 'auto'}, True),
                    ('filter.type', {'string_value': 'kalman'}, False),
                    ('max_faces', {'integer_value': 2}, False),
                    ('max_face', {'integer_value': 2}, False),
                ]
            )
        )
        def parameter(self, change):
            name, value, accepted = change
            assert client.set_parameter(name, **value).successful is accepted

        def has_its_state(self):
            assert (
                call(GetState, 'get_state', GetState.Request()).current_state.label == self.state
            )
            request = GetAvailableTransitions.Request()
            answer = call(GetAvailableTransitions, 'get_available_transitions', request)
            labels = {item.transition.label for item in answer.available_transitions}
            assert labels - SHUTDOWN == ALLOWED[self.state].keys()

        def teardown(self):
            while self.state != 'unconfigured':
                assert self.change(WAY_HOME[self.state])
                self.state = ALLOWED[self.state][WAY_HOME[self.state]]
            assert call(SetBool, 'enable', SetBool.Request(data=True)).success

    return Walk


@pytest.fixture
def walk(client, face_msg):
    machine = walk_of(client, face_msg)

    def walk(count, steps):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=count,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

    return walk


def test_no_order_of_transitions_breaks_it_or_makes_it_grow(client, start_node, walk):
    node = start_node(*FAST)
    walk(4, 30)
    settled_mb, threads, files = usage(node.process.pid)
    walk(8, 30)
    now_mb, now_threads, now_files = usage(node.process.pid)
    assert now_mb - settled_mb < ALLOWED_MB
    assert now_threads <= threads
    assert now_files <= files
    assert 'Traceback' not in node.log
    assert node.stop() == 0
