"""The parameters of the node, from the dataclass fields that declare them."""

from __future__ import annotations

from facemesh_ros.ros.parameters import NodeSettings
from facemesh_ros.settings.parameter_specs import ParameterSpec, Value, parameter_specs
from reference.markdown import code, page, text

_INTRODUCTION = """\
Of the node `facemesh`. Live ones can be changed while it runs, `ros2 param set /facemesh NAME
VALUE`, in every state; the others are read at start. A value that is not allowed is refused,
with what is allowed, and changes nothing. `config/facemesh.yaml` has them all with their
defaults, to be copied and changed ([files of parameters](../launch.md)). Besides, every node
of ROS 2 has `use_sim_time`, and each topic of this one `qos_overrides./TOPIC.subscription.*`
or `publisher.*`."""
_TYPES = {
    bool: 'boolean',
    int: 'integer',
    float: 'number',
    str: 'string',
    tuple: 'list of strings',
}


def parameters_page() -> str:
    """Return the page of all parameters, each a section that can be linked to."""
    specs = parameter_specs(NodeSettings)
    return page('Parameters', _INTRODUCTION, *(_section(name, *specs[name]) for name in specs))


def _section(name: str, default: Value, spec: ParameterSpec) -> str:
    facts = [
        '' if spec.constraints else _TYPES[type(default)],
        f'default {code(shown(default))}',
        allowed_values(spec),
        'read at start' if spec.read_only else 'live',
    ]
    said = f'{text(spec.text.rstrip("."))}.'
    return f'## {code(name)}\n\n*{", ".join(filter(None, facts))}*\n\n{said}\n'


def shown(value: Value) -> str:
    """Return a value as YAML has it."""
    if isinstance(value, tuple):
        return f'[{", ".join(value)}]'
    return '""' if value == '' else str(value).lower() if isinstance(value, bool) else str(value)


def allowed_values(spec: ParameterSpec) -> str:
    """Return a parameter's choices or range; empty if it is free."""
    if spec.choices:
        return 'one of ' + ', '.join(code(choice) for choice in spec.choices)
    if spec.low is not None and spec.high is not None:
        return f'{spec.low:g} to {spec.high:g}'
    return text(spec.constraints)
