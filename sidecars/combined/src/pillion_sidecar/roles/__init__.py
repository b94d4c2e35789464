"""The roles: what each of the four processes is to the one that hosts it.

A role is loaded only when it is configured.
"""

from pillion_sidecar.roles.role import Role
from pillion_sidecar.roles.table import ROLES, load

__all__ = ["ROLES", "Role", "load"]
