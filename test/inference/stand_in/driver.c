/* A stand-in for libcuda.so.1, as far as this package and ONNX Runtime ask it.
 *
 *   STAND_IN_CUDA    which CUDA the driver runs, e.g. 12020; 13000 if not set
 *   STAND_IN_GPUS    how many GPUs there are; 1 if not set
 *   STAND_IN_INIT    what cuInit answers, e.g. 100 (no GPU)
 */
#include <stdio.h>
#include <stdlib.h>

static int number(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

int cuInit(unsigned flags) { return number("STAND_IN_INIT", 0); }
int cuDriverGetVersion(int *version) { *version = number("STAND_IN_CUDA", 13000); return 0; }
int cuDeviceGetCount(int *count) { *count = number("STAND_IN_GPUS", 1); return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return 0; }
int cuDeviceGetName(char *name, int size, int device) {
  snprintf(name, size, "Stand-in %d", device);
  return 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 75 ? 9 : 0;
  return 0;
}
int cuTensorMapEncodeTiled(void) { return 0; }
