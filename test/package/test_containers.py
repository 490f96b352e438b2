"""The Dockerfile, the compose files and the workflows name things that exist."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from rosdep_keys import packages_of_keys

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / 'docker' / 'Dockerfile').read_text()
# Of a stage by a line; a backslash goes on with it.
INSTRUCTIONS = re.sub(r'\\\n\s*', ' ', DOCKERFILE).splitlines()
WORKFLOWS = {
    file.name: yaml.safe_load(file.read_text())
    for file in sorted((ROOT / '.github' / 'workflows').iterdir())
}
COMPOSE = {
    file.name: yaml.safe_load(file.read_text()) for file in (ROOT / 'docker').glob('*.yaml')
}
SERVICES = COMPOSE['compose.yaml']['services']
DISTROS = ('humble', 'jazzy', 'kilted', 'rolling')
ENTRYPOINT = (ROOT / 'docker' / 'entrypoint.sh').read_text()


def stages() -> list[str]:
    return re.findall(r'^FROM \S+ AS (\S+)$', DOCKERFILE, re.M)


def apt_packages(commands: str) -> set[str]:
    installed = re.findall(r'apt-get install ([^&|\n]+)', commands)
    words = {word.strip('"\'') for line in installed for word in line.split()}
    return {word for word in words if not word.startswith('-')}


def known_packages(distro: str) -> set[str]:
    return {packages[distro] for packages in packages_of_keys().values()}


def test_every_file_that_is_copied_exists_and_is_let_into_the_context():
    ignored = (ROOT / '.dockerignore').read_text().splitlines()
    copies = [line.split()[1:-1] for line in INSTRUCTIONS if re.match('COPY (?!--from)', line)]
    sources = {source.rstrip('/') for words in copies for source in words}
    assert sources > {'requirements.txt', 'package.xml', '.'}
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.partition('/')[0] not in ignored, source


def test_every_stage_that_is_copied_from_is_made():
    assert set(re.findall(r'COPY --from=(\S+)', DOCKERFILE)) <= set(stages())


@pytest.mark.parametrize('choice', ['fetched', 'mounted'])
def test_models_come_from_one_of_two_stages(choice):
    assert f'models-{choice}' in stages()
    assert 'FROM models-${MODELS} AS models' in DOCKERFILE


def test_nothing_that_cmake_installs_is_left_out_of_the_context():
    ignored = set((ROOT / '.dockerignore').read_text().splitlines())
    cmake = (ROOT / 'CMakeLists.txt').read_text()
    named = re.findall(r'(?:DIRECTORY|PROGRAMS|FILES) ([^)]+?)\s+DESTINATION', cmake)
    folders = {word.partition('/')[0] for words in named for word in words.split()} | {'msg'}
    assert folders >= {'config', 'launch', 'msg', 'scripts'}
    assert not folders & ignored


@pytest.mark.parametrize('distro', DISTROS)
def test_every_apt_package_is_known_to_rosdep(distro):
    packages = apt_packages('\n'.join(INSTRUCTIONS))
    named = {package.replace('$ROS_DISTRO', distro) for package in packages}
    assert len(named) >= 3
    assert named <= known_packages(distro)


def test_every_apt_package_of_a_workflow_is_known_to_rosdep():
    for workflow in WORKFLOWS.values():
        for job in workflow['jobs'].values():
            commands = '\n'.join(step.get('run', '') for step in job['steps'])
            commands = re.sub(r'\$\{\{.*?\}\}', 'jazzy', commands)
            packages = {name for name in apt_packages(commands) if '$' not in name}
            assert packages <= known_packages('jazzy')
            for name in re.findall(r'for package in (.+); do', commands):
                optional = {f'ros-jazzy-{word}' for word in name.split()}
                assert optional <= known_packages('jazzy')


def test_no_image_floats_and_none_names_a_registry():
    text = DOCKERFILE + '\n'.join((ROOT / 'docker' / name).read_text() for name in COMPOSE)
    assert 'latest' not in text
    bases = re.findall(r'^FROM (\S+)', DOCKERFILE, re.M)
    outside = [base for base in bases if base not in stages() and not base.startswith('models-')]
    assert set(outside) == {'ros:${ROS_DISTRO}-ros-base', 'ros:${ROS_DISTRO}-ros-core'}
    images = [service['image'] for service in SERVICES.values()]
    assert all(
        re.fullmatch(r'facemesh_ros:\$\{ROS_DISTRO:-jazzy\}(-\w+)?', name) for name in images
    )


def test_nobody_is_root_and_every_image_sources_ros():
    ends = re.split(r'^FROM ', DOCKERFILE, flags=re.M)
    for name in ('camera', 'foxglove', 'facemesh'):
        (stage,) = (text for text in ends if re.match(rf'\S+ AS {name}\n', text))
        assert 'USER 1000:1000' in stage
        assert 'ENTRYPOINT ["/entrypoint.sh"]' in stage
        assert 'STOPSIGNAL SIGINT' in stage


def test_the_image_of_the_node_is_the_one_that_is_built_unless_another_is_named():
    assert stages()[-1] == 'facemesh'


def test_every_kind_of_onnx_runtime_is_a_file_of_requirements():
    (default,) = re.findall(r'^ARG ONNXRUNTIME=(\w+)', DOCKERFILE, re.M)
    arguments = COMPOSE['compose.gpu.yaml']['services']['facemesh']['build']['args']
    on_gpu = arguments['ONNXRUNTIME'].partition(':-')[2].rstrip('}')
    document = (ROOT / 'docs' / 'docker.md').read_text()
    for name in (default, on_gpu, 'gpu_cuda12'):
        assert f'`{name}`' in document
        text = (ROOT / 'tools' / 'wheels' / f'{name}.txt').read_text()
        assert re.search(r'^onnxruntime', text, re.M)


def test_services_build_stages_that_exist_and_share_memory_and_user():
    for service in SERVICES.values():
        assert service['build'].get('target', 'facemesh') in stages()
        assert (ROOT / 'docker' / service['build']['context']).samefile(ROOT)
        assert (service['network_mode'], service['ipc']) == ('host', 'host')
    assert len({service['user'] for service in SERVICES.values()}) == 1
    assert set(COMPOSE['compose.gpu.yaml']['services']) <= set(SERVICES)


def test_every_variable_of_the_compose_files_is_documented():
    document = (ROOT / 'docs' / 'docker.md').read_text()
    for name in COMPOSE:
        for variable in re.findall(r'\$\{(\w+)', (ROOT / 'docker' / name).read_text()):
            assert f'`{variable}`' in document, variable


def test_the_node_listens_to_the_camera_of_the_compose_file():
    publishers = [SERVICES[name]['command'] for name in ('camera', 'video')]
    assert all('__ns:=/camera' in command for command in publishers)
    assert 'image_topic:=/camera/image_raw' in SERVICES['facemesh']['command']


@pytest.mark.parametrize(
    ('distro', 'variable'),
    [('humble', 'FASTRTPS'), ('jazzy', 'FASTRTPS'), ('kilted', 'FASTDDS'), ('rolling', 'FASTDDS')],
)
def test_the_entrypoint_sources_ros_and_makes_room_for_images(tmp_path, distro, variable):
    (tmp_path / 'setup.bash').write_text('export SOURCED=yes\n')
    script = tmp_path / 'entrypoint.sh'
    script.write_text(ENTRYPOINT.replace('/opt/ros/$ROS_DISTRO', str(tmp_path)))
    for given, wanted in ((None, '/fastdds_large_images.xml'), ('/own.xml', '/own.xml')):
        name = f'{variable}_DEFAULT_PROFILES_FILE'
        environment = {'PATH': os.environ['PATH'], 'ROS_DISTRO': distro}
        if given:
            environment[name] = given
        said = subprocess.run(
            ['bash', script, 'env'], env=environment, check=True, capture_output=True, text=True
        ).stdout.splitlines()
        assert 'SOURCED=yes' in said
        assert [line for line in said if 'PROFILES_FILE' in line] == [f'{name}={wanted}']
    assert re.search(r'COPY .*config/fastdds_large_images\.xml', DOCKERFILE)


def test_ci_runs_in_every_distribution_and_on_every_python():
    jobs = WORKFLOWS['ci.yml']['jobs']
    matrix = jobs['installation']['strategy']['matrix']
    assert {*matrix['distro'], *(extra['distro'] for extra in matrix['include'])} == set(DISTROS)
    assert jobs['installation']['container'] == 'ros:${{ matrix.distro }}'
    assert jobs['wheels']['strategy']['matrix']['python'] == ['3.10', '3.11', '3.12', '3.13']
    commands = '\n'.join(step.get('run', '') for step in jobs['installation']['steps'])
    assert 'colcon build' in commands
    assert 'colcon test' in commands


def test_every_action_is_pinned():
    for name in WORKFLOWS:
        text = (ROOT / '.github' / 'workflows' / name).read_text()
        uses = re.findall(r'uses: (\S+)', text)
        assert uses
        assert all(re.fullmatch(r'[\w./-]+@[0-9a-f]{40}', action) for action in uses)
