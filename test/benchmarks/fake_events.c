/* CUDA's events on a stream that a test moves on by itself: `fake_now_ms` is the device's time. */
#include <stdlib.h>

float fake_now_ms = 0;
int fake_waits = 0;
void *fake_stream = 0;

typedef struct { float at_ms; int recorded, reached; } Event;

int cudaEventCreate(Event **made) { *made = calloc(1, sizeof(Event)); return 0; }
int cudaEventRecord(Event *event, void *stream) {
  if (!event || stream != fake_stream) return 400;
  event->at_ms = fake_now_ms;
  event->recorded = 1;
  return 0;
}
int cudaEventSynchronize(Event *event) {
  fake_waits++;
  event->reached = 1;
  return 0;
}
int cudaEventElapsedTime(float *elapsed_ms, Event *first, Event *last) {
  if (!first->recorded || !last->recorded) return 400;
  if (!last->reached) return 600;
  *elapsed_ms = last->at_ms - first->at_ms;
  return 0;
}
const char *cudaGetErrorString(int status) {
  return status == 400 ? "invalid resource handle" : "device not ready";
}
