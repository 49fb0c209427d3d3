# A consumer does not say which blobs it has open: their producer uses them again.
mutate(api/blob.c
[=[    atomic_store_u64(&shared->taken, own_number(q)); /* R3 publishes it, with the release of the record */]=]
[=[    (void)shared;]=])
