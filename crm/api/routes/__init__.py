"""The routes of API v2: each reads its input, calls one service or selector and shows the row."""

from ninja import Router

from crm.api.routes import customers, invoices, jobs, leads, quotes, statistics

router = Router()
for part in (leads, quotes, jobs, invoices, customers, statistics):
    router.add_router("", part.router)
