/* A stand-in for libcudart.so.13: one GPU of compute capability 9.0 whose memory is the machine's
 * and whose kernels do nothing. ONNX Runtime places nodes on it, and says what it would say.
 *
 *   STAND_IN_ERROR   what cudaSetDevice answers, e.g. 35 (driver too old)
 *   STAND_IN_FULL    if set, there is no memory
 *   STAND_IN_LOST    a file; once it is there, copies fail with error 700
 *   STAND_IN_CALLS   a file; each call that a capture forbids, or that captures, is written there
 *                    with its thread
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

int cudaMalloc(void **made, n_t size) { called("malloc"); return getenv("STAND_IN_FULL") ? 2 : reserve(made, size); }
int cudaMallocHost(void **made, n_t size) { return reserve(made, size); }
int cudaHostAlloc(void **made, n_t size, unsigned flags) { return reserve(made, size); }
int cudaFree(void *at) { called("free"); free(at); return 0; }
int cudaFreeHost(void *at) { free(at); return 0; }
int cudaMemGetInfo(n_t *left, n_t *total) { *left = *total = (n_t)100 << 30; return 0; }
int cudaMemcpy(void *to, void *from, n_t size, int kind) {
  if (lost()) return 700;
  memcpy(to, from, size);
  return 0;
}
int cudaMemcpyAsync(void *to, void *from, n_t size, int kind, void *stream) {
  return cudaMemcpy(to, from, size, kind);
}
int cudaMemset(void *at, int value, n_t size) { memset(at, value, size); return 0; }
int cudaMemsetAsync(void *at, int value, n_t size, void *s) { return cudaMemset(at, value, size); }
int cudaStreamCreate(void **made) { return handle(made); }
int cudaStreamCreateWithFlags(void **made, unsigned flags) { return handle(made); }
int cudaEventCreate(void **made) { return handle(made); }
int cudaEventCreateWithFlags(void **made, unsigned flags) { return handle(made); }
int cudaStreamBeginCapture(void *stream, int mode) { called("begin"); usleep(2000); return 0; }
int cudaStreamEndCapture(void *stream, void **graph) { called("end"); return handle(graph); }
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
    case 700: return "an illegal memory access was encountered";
    default: return "unknown error";
  }
}
