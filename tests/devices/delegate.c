/*
 * A delegate for tests: it takes the whole graph, and fails where its options tell it to.
 *
 * Build: gcc -shared -fPIC -O1 -Wall -Wextra -o libtestdelegate.so delegate.c
 *
 * Options (key=value):
 *   device=absent   no device: create gives NULL after telling the reason
 *   prepare=fail    the delegate loads but refuses the graph
 *   invoke=fail     it takes every node and then fails when it is run, as a device that was unplugged does
 *   (none)          it takes nothing, so the runtime's own kernels run the model
 * Each call is told on stderr, which the tests read.
 *
 * The structures are the stable head of TensorFlow Lite's C API (tensorflow/lite/core/c/common.h and
 * tensorflow/lite/delegates/external/external_delegate_interface.h), the same in 2.14 and in LiteRT 2.3. Members that
 * are not used here are kept as padding, so that the others lie where the runtime expects them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_OK = 0, STATUS_ERROR = 1 };

typedef struct Context Context;
typedef struct Delegate Delegate;

typedef struct {
    int size;
    int items[];
} IntArray;

typedef struct {
    void *(*init)(Context *, const char *, size_t);
    void (*free)(Context *, void *);
    int (*prepare)(Context *, void *node);
    int (*invoke)(Context *, void *node);
    const char *(*profiling_string)(const Context *, const void *node);
    int32_t builtin_code;
    const char *custom_name;
    int version;
    void *later_members[8];
} Registration;

struct Context {
    size_t tensors_size;
    int (*get_execution_plan)(Context *, IntArray **);
    void *tensors;
    void *impl;
    void *resize_tensor;
    void (*report_error)(Context *, const char *, ...);
    void *add_tensors;
    void *get_node_and_registration;
    int (*replace_node_subsets)(Context *, Registration, const IntArray *, Delegate *);
};

struct Delegate {
    void *data;
    int (*prepare)(Context *, Delegate *);
    void *copy_from_buffer_handle;
    void *copy_to_buffer_handle;
    void *free_buffer_handle;
    int64_t flags;
    void *opaque_builder;
};

typedef struct {
    int fail_prepare;
    int fail_invoke;
} Script;

static int node_prepare(Context *context, void *node) {
    (void)context;
    (void)node;
    return STATUS_OK;
}

static int node_invoke(Context *context, void *node) {
    (void)node;
    context->report_error(context, "test delegate: the device does not answer");
    return STATUS_ERROR;
}

static int take_every_node(Context *context, Delegate *delegate) {
    IntArray *plan = NULL;
    Registration kernel;
    if (context->get_execution_plan(context, &plan) != STATUS_OK) return STATUS_ERROR;
    memset(&kernel, 0, sizeof kernel);
    kernel.prepare = node_prepare;
    kernel.invoke = node_invoke;
    kernel.builtin_code = 51; /* kTfLiteBuiltinDelegate */
    kernel.custom_name = "TestDelegate";
    kernel.version = 1;
    return context->replace_node_subsets(context, kernel, plan, delegate);
}

static int prepare(Context *context, Delegate *delegate) {
    const Script *script = delegate->data;
    fprintf(stderr, "test delegate: prepare\n");
    if (script->fail_prepare) return STATUS_ERROR;
    return script->fail_invoke ? take_every_node(context, delegate) : STATUS_OK;
}

__attribute__((visibility("default"))) Delegate *tflite_plugin_create_delegate(
    char **keys, char **values, size_t count, void (*report_error)(const char *)) {
    Delegate *delegate = calloc(1, sizeof *delegate);
    Script *script = calloc(1, sizeof *script);
    for (size_t index = 0; index < count; index++) {
        fprintf(stderr, "test delegate: option %s=%s\n", keys[index], values[index]);
        if (strcmp(keys[index], "device") == 0 && strcmp(values[index], "absent") == 0) {
            report_error("no device found on the bus");
            free(script);
            free(delegate);
            return NULL;
        }
        if (strcmp(values[index], "fail") == 0) {
            script->fail_prepare |= strcmp(keys[index], "prepare") == 0;
            script->fail_invoke |= strcmp(keys[index], "invoke") == 0;
        }
    }
    delegate->data = script;
    delegate->prepare = prepare;
    delegate->flags = 1; /* kTfLiteDelegateFlagsAllowDynamicTensors */
    return delegate;
}

__attribute__((visibility("default"))) void tflite_plugin_destroy_delegate(Delegate *delegate) {
    fprintf(stderr, "test delegate: destroy\n");
    if (delegate == NULL) return;
    free(delegate->data);
    free(delegate);
}
