"""A keystore of enclaves as `ros2 security` makes it, by openssl alone."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

VALIDITY = '<not_before>2020-01-01T00:00:00</not_before><not_after>2120-01-01T00:00:00</not_after>'
# Of a service, by what a node does with it: what its topics begin with and end in.
PARTS = {
    'request': {'publish': ('rq', 'Request'), 'subscribe': ('rr', 'Reply')},
    'reply': {'publish': ('rr', 'Reply'), 'subscribe': ('rq', 'Request')},
}
# As sros2's governance: who is not authenticated may not join, and all is encrypted.
GOVERNANCE = """<?xml version="1.0" encoding="UTF-8"?>
<dds><domain_access_rules><domain_rule>
<domains><id>{domain}</id></domains>
<allow_unauthenticated_participants>false</allow_unauthenticated_participants>
<enable_join_access_control>true</enable_join_access_control>
<discovery_protection_kind>ENCRYPT</discovery_protection_kind>
<liveliness_protection_kind>ENCRYPT</liveliness_protection_kind>
<rtps_protection_kind>SIGN</rtps_protection_kind>
<topic_access_rules><topic_rule>
<topic_expression>*</topic_expression>
<enable_discovery_protection>true</enable_discovery_protection>
<enable_liveliness_protection>true</enable_liveliness_protection>
<enable_read_access_control>true</enable_read_access_control>
<enable_write_access_control>true</enable_write_access_control>
<metadata_protection_kind>ENCRYPT</metadata_protection_kind>
<data_protection_kind>ENCRYPT</data_protection_kind>
</topic_rule></topic_access_rules>
</domain_rule></domain_access_rules></dds>
"""


class Enclave:
    """What an enclave of a policy may do, in full names.

    Attributes:
        path: Its path.
        topics: Names by what is done with them: publish or subscribe.
        services: Names by what is done with them: request or reply.
    """

    def __init__(self, enclave: ElementTree.Element) -> None:
        self.path = enclave.attrib['path']
        self.topics: dict[str, set[str]] = {'publish': set(), 'subscribe': set()}
        self.services: dict[str, set[str]] = {'request': set(), 'reply': set()}
        for profile in enclave.iter('profile'):
            for kind, known in (('topic', self.topics), ('service', self.services)):
                for group in profile.iter(f'{kind}s'):
                    names = {full_name(one.text or '', profile) for one in group.iter(kind)}
                    for action in group.attrib.keys() & known.keys():
                        assert group.attrib[action] == 'ALLOW'
                        known[action] |= names

    def permissions(self, domain: int) -> str:
        """Return the enclave's permissions in DDS' own terms."""
        topics = {action: {f'rt{name}' for name in self.topics[action]} for action in self.topics}
        for action, names in self.services.items():
            for side, (start, end) in PARTS[action].items():
                topics[side] |= {f'{start}{name}{end}' for name in names}
        rules = ''.join(
            f'<{side}><topics>'
            + ''.join(f'<topic>{escape(name)}</topic>' for name in sorted(names))
            + f'<topic>ros_discovery_info</topic></topics></{side}>'
            for side, names in topics.items()
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<dds><permissions>'
            f'<grant name="{self.path}"><subject_name>CN={self.path}</subject_name>'
            f'<validity>{VALIDITY}</validity>'
            f'<allow_rule><domains><id>{domain}</id></domains>{rules}</allow_rule>'
            '<default>DENY</default></grant></permissions></dds>\n'
        )


def enclaves_of(policy: Path) -> dict[str, Enclave]:
    """Read the enclaves of a policy, by path."""
    return {
        enclave.path: enclave
        for enclave in map(Enclave, ElementTree.parse(policy).iter('enclave'))
    }


def full_name(name: str, profile: ElementTree.Element) -> str:
    """Return a name in a profile, resolved as ROS does it."""
    namespace = profile.attrib['ns'].rstrip('/')
    if name.startswith('/'):
        return name
    if name.startswith('~/'):
        return f'{namespace}/{profile.attrib["node"]}{name[1:]}'
    return f'{namespace}/{name}'


class Keystore:
    """Keys, certificates and signed permissions of enclaves."""

    def __init__(self, folder: Path, domain: int) -> None:
        """Make an authority, and what it says of the domain."""
        self.folder, self._domain = folder, domain
        self._certificate, self._key = folder / 'ca.cert.pem', folder / 'ca.key.pem'
        folder.mkdir()
        self._make_key(self._key)
        _openssl('req', '-x509', '-new', '-key', self._key, '-subj', '/CN=authority', '-days',
                 '3650', '-out', self._certificate)  # fmt: skip
        (folder / 'enclaves').mkdir()
        self._sign(folder / 'enclaves' / 'governance.p7s', GOVERNANCE.format(domain=domain))

    def add(self, enclave: Enclave) -> None:
        """Give an enclave its key and what it may do."""
        folder = self.folder / 'enclaves' / enclave.path.lstrip('/')
        folder.mkdir()
        request = folder / 'request.pem'
        self._make_key(folder / 'key.pem')
        # A name that begins with a slash: other separators would split it.
        _openssl('req', '-new', '-key', folder / 'key.pem', '-subj',
                 f'/CN={enclave.path.replace("/", chr(92) + "/")}', '-out', request)  # fmt: skip
        _openssl('x509', '-req', '-in', request, '-CA', self._certificate, '-CAkey', self._key,
                 '-set_serial', str(hash(enclave.path) & 0xFFFF), '-days', '3650', '-out',
                 folder / 'cert.pem')  # fmt: skip
        for authority in ('identity_ca', 'permissions_ca'):
            (folder / f'{authority}.cert.pem').symlink_to(self._certificate)
        (folder / 'governance.p7s').symlink_to(self.folder / 'enclaves' / 'governance.p7s')
        self._sign(folder / 'permissions.p7s', enclave.permissions(self._domain))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that may only run in its enclave."""
        return {
            'ROS_SECURITY_ENABLE': 'true',
            'ROS_SECURITY_STRATEGY': 'Enforce',
            'ROS_SECURITY_KEYSTORE': str(self.folder),
            'ROS_DOMAIN_ID': str(self._domain),
        }

    def _make_key(self, file: Path) -> None:
        _openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file)

    def _sign(self, file: Path, text: str) -> None:
        plain = file.with_suffix('.xml')
        plain.write_text(text)
        _openssl('smime', '-sign', '-text', '-in', plain, '-out', file, '-signer',
                 self._certificate, '-inkey', self._key)  # fmt: skip


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(['openssl', *map(str, arguments)], check=True, capture_output=True)
