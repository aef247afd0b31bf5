"""Routes of what a service holds: databases, users, connection pools."""

from __future__ import annotations

from reconciler.sandbox import bodies
from reconciler.sandbox.account import databases, pools, services, users
from reconciler.sandbox.account.objects import Database
from reconciler.sandbox.api.call import Call, Json
from reconciler.sandbox.views.service import show_service, show_user


def read_databases(call: Call) -> Json:
    size = call.count("maxItems", default=databases.PAGE_SIZE, low=1, high=databases.PAGE_SIZE)
    page, cursor = databases.read_page(*call.place, size=size, after=call.query.get("after", ""))
    answer: Json = {"databases": [_show_database(database) for database in page]}
    return answer | {"next": cursor} if cursor else answer


def create_database(call: Call) -> Json:
    databases.create(*call.place, call.checked(bodies.DATABASE_CREATE))
    return {"message": "created"}


def delete_database(call: Call) -> Json:
    databases.delete(*call.place, call.names["database"])
    return {"message": "deleted"}


def create_user(call: Call) -> Json:
    """Answer the new credentials whatever the switch: they are shown this once."""
    user = users.create(*call.place, call.checked(bodies.USER_CREATE))
    return {"message": "created", "user": show_user(user, reveal=True)}


def read_user(call: Call) -> Json:
    user = users.find(services.find(*call.place), call.names["user"])
    return {"user": show_user(user, reveal=call.reveals)}


def modify_user(call: Call) -> Json:
    """Answer the whole service, not the user (the Go client)."""
    body = call.checked(bodies.USER_MODIFY)
    service = users.modify(*call.place, call.names["user"], body)
    return {"service": show_service(service, reveal=call.reveals_in_write)}


def reset_user(call: Call) -> Json:
    service = users.reset(*call.place, call.names["user"])
    return {"service": show_service(service, reveal=call.reveals_in_write)}


def reset_all_users(call: Call) -> Json:
    service = users.reset_all(*call.place)
    return {"service": show_service(service, reveal=call.reveals_in_write)}


def delete_user(call: Call) -> Json:
    users.delete(*call.place, call.names["user"])
    return {"message": "deleted"}


def create_pool(call: Call) -> Json:
    pools.create(*call.place, call.checked(bodies.POOL_CREATE))
    return {"message": "created"}


def update_pool(call: Call) -> Json:
    pools.update(*call.place, call.names["pool"], call.checked(bodies.POOL_UPDATE))
    return {"message": "updated"}


def delete_pool(call: Call) -> Json:
    pools.delete(*call.place, call.names["pool"])
    return {"message": "deleted"}


def _show_database(database: Database) -> Json:
    return {
        "database_name": database.name,
        "lc_collate": database.lc_collate,
        "lc_ctype": database.lc_ctype,
    }
