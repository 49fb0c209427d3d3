/*
 * Blobs: a pointer of a business object as a shared memory of its own
 *
 *     producer   blob_room: memory of that size, to write into       consumer   blob_open: the same memory, as a void *
 *                trade_commit: it goes with the record                          release: the record is done
 *                                                                               blob_drop: and so is the blob
 *
 * For data that is too large to lie in the record: it is written once, where it is read, and never copied. The field
 * F(blob, image) of a type holds which blob it is, and how large its data is.
 *
 *     void *pixels;
 *     rc = shmq_blob_room(q, &smo->image, width * height, &pixels);    or shmq_blob_put, which copies
 *
 *     struct shmq_blob blob;
 *     rc = shmq_blob_open(q, &message, &smo->image, &blob);            blob.data, blob.size
 *     shmq_blob_drop(q, &blob);
 *
 * A blob always has one owner, and all can die at any time:
 *
 *     until the commit                 the producer: if it dies, the blob is nobody's
 *     from the commit on               the queue, whoever lives
 *     from the release on              the consumer that has it open: until it drops it, or dies
 *
 * What is nobody's is used again by the lane's producer, which need not make and fill new memory for each: so a lane
 * keeps as many as were in use at a time, and each as large as its largest data. When that producer has gone, the next
 * one to open the queue, the consumer or shmq_clean removes it. shmq_remove removes all blobs of a queue.
 *
 * A lane has blob_count of them (an option of shmq_create, 64): when all are in use, there is no room, as in a full ring.
 * A blob is a file beside that of the queue, with its permissions: who may send may also cut it off, and whoever then
 * reads it gets SIGBUS (not on Windows, where what is mapped cannot be cut off). A flight recorder has no blobs.
 */
#ifndef SHMQ_BLOB_H
#define SHMQ_BLOB_H

#include <shmq/consumer.h>
#include <shmq/export.h>
#include <shmq/layout.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/** A blob that is open. */
struct shmq_blob {
    void *data;    /* NULL: the field has none */
    uint64_t size; /* bytes */
    uint32_t lane; /* this and the rest: for shmq_blob_drop */
    uint32_t slot;
};

/**
 * Give a field of the reserved record a blob, and write into it; or a blob with this data. Once a field.
 *
 * @param q     [in]
 * @param blob  [in]   the field: &smo->image
 * @param size  [in]   bytes; 0: the field stays empty
 * @param data  [out]  room: page-aligned; what it holds is of no meaning. NULL where size is 0
 *
 * @return 0, or
 *   -EAGAIN    all blobs of the lane are in use; shmq_wait waits until the consumer has released the next record with
 *              one. (Policy SHMQ_WAIT waits by itself, unless the consumer holds all of them open.) The slot stays
 *              reserved
 *   -ENOSPC    shared memory is full
 *   -EBADMSG   the lane is damaged
 *   -EINVAL    no slot is reserved, this is no blob field of it, or it has its blob already
 *   -ESTALE    the queue was removed
 *   -EACCES    no permission to make or open the file
 *   -ECHILD    the handle is of the process that this one was forked from
 *   -ENOMEM -EMFILE -ENFILE
 *   as shmq_wait, where the policy is SHMQ_WAIT
 *
 * Threads   the handle's own
 * Progress  wait-free; no system call while a blob of the lane is free that is large enough and was used by this handle
 * Order     acquire: whoever read what was here before has finished with it
 * Since     0.1
 */
SHMQ_API int shmq_blob_room(struct shmq *q, struct shmq_sm_blob *blob, uint64_t size, void **data);
SHMQ_API int shmq_blob_put(struct shmq *q, struct shmq_sm_blob *blob, const void *data, uint64_t size);

/**
 * Open the blob of a record that was peeked and not released yet. It can be overwritten, and stays after the release.
 *
 * @param q        [in]
 * @param message  [in]   that the field is in
 * @param blob     [in]   the field: &smo->image
 * @param opened   [out]  for shmq_blob_drop
 *
 * @return 0, or
 *   -EBADMSG   the field leads to no blob of this record, or that is smaller than it says
 *   -EINVAL    not a consumer's handle
 *   -ESTALE    the queue was removed, and its blobs with it
 *   -EACCES    no permission to open the file
 *   -ECHILD    the handle is of the process that this one was forked from
 *   -ENOMEM -EMFILE -ENFILE
 *
 * Threads   the handle's own
 * Progress  wait-free; no system call for a memory that this handle has had open before
 * Since     0.1
 */
SHMQ_API int shmq_blob_open(struct shmq *q, const struct shmq_message *message, const struct shmq_sm_blob *blob,
                            struct shmq_blob *opened);

/**
 * Let go of a blob, before or after its record is released; its memory must not be touched after that. shmq_close drops
 * all of them. One without data is left as it is.
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API void shmq_blob_drop(struct shmq *q, struct shmq_blob *opened);

#ifdef __cplusplus
}
#endif
#endif
