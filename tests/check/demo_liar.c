/*
 * Preloaded into the demo: once, it falsifies what the receiver gets. What is false, LIAR says:
 *
 *     content   one bit of a payload
 *     border    no byte, but a record gives its last one to the record behind it
 */
#include <dlfcn.h>
#include <shmq/consumer.h>
#include <stdlib.h>
#include <string.h>

#define HONEST_RECORDS 100

typedef int receive_call(struct shmq *, void *, size_t, struct shmq_message *);

static receive_call *next_receive(void)
{
    static receive_call *call;

    if (call == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "shmq_recv");

        memcpy(&call, &symbol, sizeof call);
    }
    return call;
}

int shmq_recv(struct shmq *q, void *buffer, size_t capacity, struct shmq_message *message)
{
    static const char *lie;
    static int records;
    uint8_t *bytes = buffer;
    int rc;

    if (lie == NULL && (lie = getenv("LIAR")) == NULL)
        abort();
    /* The byte that was kept back still stands where this record begins. */
    if (records == HONEST_RECORDS + 1 && strcmp(lie, "border") == 0) {
        uint8_t kept = bytes[0];

        rc = next_receive()(q, bytes + 1, capacity - 1, message);
        bytes[0] = kept;
        if (rc == 0) {
            message->size++;
            records++;
        }
        return rc;
    }
    rc = next_receive()(q, buffer, capacity, message);
    if (rc != 0 || message->size < 2 || records > HONEST_RECORDS || records++ < HONEST_RECORDS)
        return rc;
    if (strcmp(lie, "content") == 0)
        bytes[0] ^= 1;
    else
        message->size--;
    return rc;
}
