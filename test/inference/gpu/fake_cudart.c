/* libcudart on plain memory, to test the calls: counts what is open, fails when told to. The device
 * that is selected is each thread's own, as in CUDA. */
#include <stdlib.h>
#include <string.h>

int fake_blocks = 0, fake_pinned = 0, fake_waits = 0, fake_failing = 0, fake_unpinnable = 0;
int fake_last_error = 0;
_Thread_local int fake_device = 0;
size_t fake_bytes = 0;

#define FAIL_IF_TOLD if (fake_failing) return 2

int cudaSetDevice(int device) {
  if (device > 1) return 101;
  fake_device = device;
  return 0;
}
int cudaMalloc(void **block, size_t size) {
  FAIL_IF_TOLD;
  *block = malloc(size);
  memset(*block, 0xAA, size);
  fake_blocks++;
  fake_bytes += size;
  return 0;
}
int cudaFree(void *block) {
  FAIL_IF_TOLD;
  free(block);
  fake_blocks--;
  return 0;
}
int cudaHostAlloc(void **block, size_t size, unsigned flags) {
  FAIL_IF_TOLD;
  if (fake_unpinnable) return fake_last_error = 2;
  *block = malloc(size);
  memset(*block, 0xAA, size);
  fake_pinned++;
  return 0;
}
int cudaFreeHost(void *block) {
  FAIL_IF_TOLD;
  free(block);
  fake_pinned--;
  return 0;
}
int cudaGetLastError(void) {
  int error = fake_last_error;
  fake_last_error = 0;
  return error;
}
int cudaGetDevice(int *device) { *device = fake_device; return 0; }
int cudaMemsetAsync(void *block, int value, size_t size, void *stream) {
  FAIL_IF_TOLD;
  memset(block, value, size);
  return 0;
}
int cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, void *stream) {
  FAIL_IF_TOLD;
  if (kind != 1 && kind != 2) return 21;
  memcpy(to, from, size);
  return 0;
}
int cudaStreamCreateWithFlags(void **stream, unsigned flags) {
  FAIL_IF_TOLD;
  *stream = malloc(1);
  return 0;
}
int cudaStreamSynchronize(void *stream) {
  FAIL_IF_TOLD;
  fake_waits++;
  return 0;
}
int cudaMemGetInfo(size_t *left, size_t *total) {
  *total = (size_t)1 << 40;
  *left = *total - fake_bytes;
  return 0;
}
const char *cudaGetErrorString(int status) { return status == 2 ? "out of memory" : "other"; }
int cudaThreadExchangeStreamCaptureMode(int *mode) { return 0; }
