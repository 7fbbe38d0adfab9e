/* How deep chains of compiled nodes are freed: setup.py puts this before mypyc's C.

A node frees its operands, those theirs. Python's own trashcan, which mypyc asks to bound that, keeps
what waits in a list that runs through the collector's headers; a class that mypyc was told is
acyclic has none, and the trashcan would write into whatever lies before the object. Here the list
runs through the pointer to the methods, which every object of mypyc's begins with and none that is
being freed needs. */
#include <CPy.h>
#undef CPy_TRASHCAN_BEGIN
#undef CPy_TRASHCAN_END

#ifdef _MSC_VER
#define CAN_A_THREAD __declspec(thread)
#else
#define CAN_A_THREAD __thread /* the GIL may change hands within: a weak reference's callback */
#endif
#define CAN_DEPTH 50 /* as Python's own: 8 KiB of stack, and threads may have 64 */

typedef struct {
    PyObject_HEAD
    CPyVTableItem *vtable;
} CanObject;

static CAN_A_THREAD struct {
    int depth; /* of frees, one within the other */
    CanObject *waiting;
} can;

static void can_empty(void)
{
    can.depth = 1; /* what these free in turn waits too, or is freed in the next turn */
    while (can.waiting != NULL) {
        CanObject *op = can.waiting;
        can.waiting = (CanObject *)op->vtable;
        Py_TYPE(op)->tp_dealloc((PyObject *)op);
    }
    can.depth = 0;
}

/* A Python subclass comes here from its own tp_dealloc, which must find the object freed: no wait. */
#define CPy_TRASHCAN_BEGIN(op, dealloc)                                            \
    if (can.depth >= CAN_DEPTH && Py_TYPE(op)->tp_dealloc == (destructor)dealloc) { \
        op->vtable = (CPyVTableItem *)can.waiting;                                 \
        can.waiting = (CanObject *)op;                                             \
        return;                                                                    \
    }                                                                              \
    can.depth++;

#define CPy_TRASHCAN_END(op) \
    can.depth--;             \
    if (can.depth == 0 && can.waiting != NULL) can_empty();
