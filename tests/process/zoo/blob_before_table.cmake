# The file of a blob is there before the table says so: whoever dies in between leaves one that nobody knows of.
mutate(api/blob.c
[=[    atomic_store_release_u64(&shared->size, size);
    rc = port_shm_publish(*file, place);]=]
[=[    rc = port_shm_publish(*file, place);
    atomic_store_release_u64(&shared->size, size);]=])
