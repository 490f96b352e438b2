"""Additions to rclpy's lifecycle node: errors of transitions are logged, invalid ones refused."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from facemesh_ros.errors import FacemeshError, LoadingCancelledError, in_one_line

Node = TypeVar('Node', bound=LifecycleNode)
Transition = Callable[[Node, LifecycleState], TransitionCallbackReturn]


@contextmanager
def creation_errors_explained() -> Iterator[None]:
    """Turn what rcl raises where it cannot create a node, for want of keys say, into our error."""
    try:
        yield
    except RuntimeError as error:
        raise FacemeshError(f'the node cannot be created: {in_one_line(error)}') from error


def log_exceptions(
    result: TransitionCallbackReturn,
) -> Callable[[Transition[Node]], Transition[Node]]:
    """Log an exception of a transition and return `result`; rclpy would swallow it silently."""

    def decorated(transition: Transition[Node]) -> Transition[Node]:
        @wraps(transition)
        def wrapped(node: Node, state: LifecycleState) -> TransitionCallbackReturn:
            try:
                return transition(node, state)
            except LoadingCancelledError as error:
                node.get_logger().info(str(error))
            except FacemeshError as error:
                node.get_logger().fatal(str(error))
            except Exception:
                node.get_logger().fatal(traceback.format_exc())
            return result

        return wrapped

    return decorated


def refuse_invalid_transitions(node: LifecycleNode) -> None:
    """Answer an invalid transition with a failure; up to Jazzy rclpy ends the process instead."""
    (service,) = (one for one in node.services if one.srv_type is ChangeState)
    change = service.callback

    def changed(request: ChangeState.Request, response: ChangeState.Response) -> Any:
        try:
            return change(request, response)
        except RuntimeError as error:  # as rcl raises it
            name = request.transition.label or request.transition.id
            node.get_logger().error(
                f'transition {name} is not possible now: {" ".join(str(error).split())}; '
                f'`ros2 lifecycle list {node.get_fully_qualified_name()}` shows which are'
            )
            response.success = False
            return response

    service.callback = changed
