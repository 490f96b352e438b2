/* A stand-in for libcudart.so.13: one GPU of compute capability 9.0 whose memory is the machine's
 * and whose kernels do nothing. ONNX Runtime places nodes on it, and says what it would say.
 *
 *   STAND_IN_ERROR   what cudaSetDevice answers, e.g. 35 (driver too old)
 *   STAND_IN_FULL    if set, there is no memory
 *   STAND_IN_LOST    a file; once it is there, copies fail with error 700
 *   STAND_IN_CALLS   a file; written there with their thread: captures, launches of graphs, and
 *                    calls that allocate or wait while a thread captures
 *
 * As CUDA's documentation has it, such a call is refused (error 900) and ends the capture (901) in
 * the thread that captures, and in all others that have not exchanged their mode.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef size_t n_t;

static int number(const char *name) { const char *text = getenv(name); return text ? atoi(text) : 0; }
static int lost(void) { const char *path = getenv("STAND_IN_LOST"); return path && !access(path, F_OK); }
static void called(const char *what) {
  const char *path = getenv("STAND_IN_CALLS");
  char line[64];
  int file, length;
  if (!path || (file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644)) < 0) return;
  length = snprintf(line, sizeof line, "%s %ld\n", what, syscall(SYS_gettid));
  write(file, line, length);
  close(file);
}
static int captures, broken;
static __thread int mode, captures_here;
static int refused(void) {
  if (!captures) return 0;
  if (mode && !captures_here) { called("meanwhile"); return 0; }
  called("refused");
  return broken = 900;
}
static int handle(void **made) { *made = calloc(1, 64); return 0; }
static int reserve(void **made, n_t size) { *made = calloc(1, size); return 0; }

int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
int cudaGetDevice(int *device) { *device = 0; return 0; }
int cudaSetDevice(int device) { return device ? 101 : number("STAND_IN_ERROR"); }
int cudaDriverGetVersion(int *version) { *version = 13000; return 0; }
int cudaRuntimeGetVersion(int *version) { *version = 13000; return 0; }

/* Offsets of CUDA 13's cudaDeviceProp. */
int cudaGetDeviceProperties(char *properties, int device) {
  int axis;
  memset(properties, 0, 1000);
  strcpy(properties, "Stand-in");
  *(n_t *)(properties + 288) = (n_t)100 << 30; /* totalGlobalMem */
  *(n_t *)(properties + 296) = 49152;          /* sharedMemPerBlock */
  *(int *)(properties + 304) = 65536;          /* regsPerBlock */
  *(int *)(properties + 308) = 32;             /* warpSize */
  *(int *)(properties + 320) = 1024;           /* maxThreadsPerBlock */
  for (axis = 0; axis < 3; axis++) {
    *(int *)(properties + 324 + 4 * axis) = 1024;
    *(int *)(properties + 336 + 4 * axis) = 65535;
  }
  *(int *)(properties + 360) = 9;   /* major */
  *(int *)(properties + 384) = 132; /* multiProcessorCount */
  *(int *)(properties + 388) = 132;
  return 0;
}

int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 16 ? 132 : 65536;
  return 0;
}

int cudaMalloc(void **made, n_t size) {
  if (refused()) return 900;
  return getenv("STAND_IN_FULL") ? 2 : reserve(made, size);
}
int cudaMallocHost(void **made, n_t size) { return refused() ? 900 : reserve(made, size); }
int cudaHostAlloc(void **made, n_t size, unsigned flags) { return cudaMallocHost(made, size); }
int cudaFree(void *at) {
  if (refused()) return 900;
  free(at);
  return 0;
}
int cudaFreeHost(void *at) { return cudaFree(at); }
int cudaMemGetInfo(n_t *left, n_t *total) { *left = *total = (n_t)100 << 30; return 0; }
int cudaMemcpyAsync(void *to, void *from, n_t size, int kind, void *stream) {
  if (lost()) return 700;
  memcpy(to, from, size);
  return 0;
}
int cudaMemcpy(void *to, void *from, n_t size, int kind) {
  return refused() ? 900 : cudaMemcpyAsync(to, from, size, kind, 0);
}
int cudaStreamSynchronize(void *stream) { return refused(); }
int cudaDeviceSynchronize(void) { return refused(); }
int cudaEventSynchronize(void *event) { return refused(); }
int cudaEventQuery(void *event) { return refused(); }
int cudaMemset(void *at, int value, n_t size) { memset(at, value, size); return 0; }
int cudaMemsetAsync(void *at, int value, n_t size, void *s) { return cudaMemset(at, value, size); }
int cudaStreamCreate(void **made) { return handle(made); }
int cudaStreamCreateWithFlags(void **made, unsigned flags) { return handle(made); }
int cudaEventCreate(void **made) { return handle(made); }
int cudaEventCreateWithFlags(void **made, unsigned flags) { return handle(made); }
int cudaThreadExchangeStreamCaptureMode(int *exchanged) {
  int before = mode;
  mode = *exchanged;
  *exchanged = before;
  return 0;
}
int cudaStreamBeginCapture(void *stream, int kind) {
  called("begin");
  captures_here = 1;
  if (!__atomic_fetch_add(&captures, 1, __ATOMIC_SEQ_CST)) broken = 0;
  usleep(20000);
  return 0;
}
int cudaStreamEndCapture(void *stream, void **graph) {
  __atomic_fetch_sub(&captures, 1, __ATOMIC_SEQ_CST);
  captures_here = 0;
  called("end");
  handle(graph);
  return broken ? 901 : 0;
}
int cudaGraphInstantiate(void **made, void *graph, unsigned long long flags) { return handle(made); }
int cudaGraphLaunch(void *graph, void *stream) { called("launch"); return 0; }
int cudaStreamIsCapturing(void *stream, int *status) { *status = 0; return 0; }
int cudaPointerGetAttributes(int *attributes, void *at) { attributes[0] = 2; attributes[1] = 0; return 0; }
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks) { *blocks = 1; return 0; }
int cudaGetDriverEntryPointByVersion(const char *name, void **at, unsigned version, n_t flags, int *found) {
  *at = 0;
  if (found) *found = 1;
  return 0;
}
void *__cudaRegisterFatBinary(void *binary) { return calloc(1, 8); }

const char *cudaGetErrorName(int error) { return error ? "cudaErrorStandIn" : "cudaSuccess"; }
const char *cudaGetErrorString(int error) {
  switch (error) {
    case 0: return "no error";
    case 2: return "out of memory";
    case 35: return "CUDA driver version is insufficient for CUDA runtime version";
    case 101: return "invalid device ordinal";
    case 900: return "operation not permitted when stream is capturing";
    case 901: return "operation failed due to a previous error during capture";
    case 700: return "an illegal memory access was encountered";
    default: return "unknown error";
  }
}
