"""What rclpy leaves to a lifecycle node: to say why a transition fails, to survive wrong ones."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from facemesh_ros.errors import FacemeshError, LoadingCancelledError

Node = TypeVar('Node', bound=LifecycleNode)
Transition = Callable[[Node, LifecycleState], TransitionCallbackReturn]


def told(otherwise: TransitionCallbackReturn) -> Callable[[Transition[Node]], Transition[Node]]:
    """Log what a transition raises and return that; rclpy would swallow it without a word."""

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
            return otherwise

        return wrapped

    return decorated


def refuse_transitions_out_of_turn(node: LifecycleNode) -> None:
    """Answer that such a one failed; up to Jazzy rclpy raises it, which ends the process."""
    for service in node.services:
        if service.srv_type is ChangeState:
            service.callback = _refusing(node, service.callback)


def _refusing(node: LifecycleNode, change: Callable[..., Any]) -> Callable[..., Any]:
    def changed(request: ChangeState.Request, response: ChangeState.Response) -> Any:
        try:
            return change(request, response)
        except RuntimeError as error:  # rcl's are of this kind
            asked = request.transition.label or request.transition.id
            node.get_logger().error(
                f'transition {asked} is not possible now: {" ".join(str(error).split())}; '
                f'`ros2 lifecycle list {node.get_fully_qualified_name()}` shows which are'
            )
            response.success = False
            return response

    return changed
