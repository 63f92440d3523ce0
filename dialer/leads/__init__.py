"""Leads from a file into a list of the store: checked and reported row by row; the same again changes nothing.

::

    with path.open("rb") as stream:
        leads = LeadFile(stream, Location(path), region="US")
        report = import_csv(connection, leads, "autumn", now, new_id)

``import_csv`` runs in a transaction of its caller. Where others write too, take the batches of
:meth:`LeadFile.batches`, give each to :func:`dialer.leads.store.store_batch` in a transaction of its own, and what
that gives to :meth:`ImportReport.take`: what is in already is left as it is, so an import that was cut off is simply
done again.
"""
