/*
 * A trainer that speaks the wire (docs/reference/protocol.md) itself, in C99 and POSIX, without a library for JSON.
 *
 *     cc -std=c99 -O2 -o regression regression.c -lm
 *
 * `./regression` trains as it is, `autolrs run -- ./regression` under the tuner. It fits a line to noisy points of
 * which there is no end: the step says which ones are next, so that after a restore the same ones come again. Four
 * numbers are all that a checkpoint holds, so all of them are files.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TOTAL 2000
#define PATH_ROOM 4096
static struct model { long step; double lr, slope, offset; } model = {0, 0.1, 0, 0};

static double evaluate(double first, int count, double *by_slope, double *by_offset) {
  double loss = *by_slope = *by_offset = 0;
  for (double k = first; k < first + count; k++) {
    double x = fmod(k * k * 7, 2003) / 1001 - 1, noise = fmod(k * k * 11, 3001) / 1500 - 1;
    double error = model.slope * x + model.offset - (3 * x - 1 + noise);
    loss += error * error / count;
    *by_slope += 2 * error * x / count;
    *by_offset += 2 * error / count;
  }
  return loss;
}

static double train_step(double lr) {
  double by_slope, by_offset, loss = evaluate(16.0 * model.step, 16, &by_slope, &by_offset);
  model.slope -= lr * by_slope;
  model.offset -= lr * by_offset;
  model.step++;
  model.lr = lr;
  return loss;
}

static double validate(void) {
  double by_slope, by_offset;
  return evaluate(1e6, 500, &by_slope, &by_offset);
}

/* From here on it is the wire. */

#define SPACE " \t\r\n"

static const char *after_string(const char *at) {
  while (*++at && *at != '"') if (*at == '\\' && at[1]) at++;
  return *at ? at + 1 : at;
}

/* Where the value of a field of the object at `at` begins, whatever else is in there; NULL if it has none. */
static const char *field(const char *at, const char *name) {
  for (int depth = 0; at && *at;) {
    if (*at == '"') {
      const char *end = after_string(at), *colon = end + strspn(end, SPACE);
      int is_it = depth == 1 && *colon == ':' && strlen(name) == (size_t)(end - at - 2);
      if (is_it && !strncmp(at + 1, name, end - at - 2)) return colon + 1 + strspn(colon + 1, SPACE);
      at = end;
      continue;
    }
    if (*at == '{' || *at == '[') depth++;
    if ((*at == '}' || *at == ']') && --depth == 0) return NULL;
    at++;
  }
  return NULL;
}

static int is(const char *value, const char *text) {
  return value && !strncmp(value, text, strlen(text));
}

/* Reads the next number of a list; what comes after it, or NULL if there is none. */
static const char *next_number(const char *at, double *number) {
  char *end;
  at += strspn(at, "[," SPACE);
  *number = strtod(at, &end);
  return end == at ? NULL : end;
}

/* Unescapes a string into `text`; 0 if it is none, or has escapes that a path of the tuner's never has. */
static int read_string(const char *value, char *text, size_t room) {
  if (!value || *value++ != '"') return 0;
  for (; *value != '"'; *text++ = *value++) {
    if (*value == '\\' && !strchr("\"\\/", *++value)) return 0;
    if (!*value || --room == 0) return 0;
  }
  *text = 0;
  return 1;
}

static int refuse(int code, const char *why) {
  printf("\"error\":{\"code\":%d,\"message\":\"%s\"}}\n", code, why);
  return 0;
}

/* Ends a result with what all of them tell: one may tell more than is asked of it. */
static void finish(struct timespec began) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  double seconds = now.tv_sec - began.tv_sec + (now.tv_nsec - began.tv_nsec) / 1e9;
  printf("\"step\":%ld,\"lr\":%.17g,\"seconds\":%.9f}}\n", model.step, model.lr, seconds);
}

static void print_loss(double loss) {
  if (isfinite(loss)) printf("%.17g", loss);
  else printf("null");
}

/* Each of these begins an answer, and returns 0 if that is an error and so whole already. */

static int train(const char *params) {
  const char *lr = field(params, "lr"), *halt = field(params, "halt"), *end = NULL;
  long asked = field(params, "steps") ? atol(field(params, "steps")) : -1, done = 0;
  double each = 0, smoothed = 0, weight = 0, most = halt ? strtod(halt, NULL) : INFINITY;
  const char *at = lr;
  for (long i = 0; at && i < (is(lr, "[") ? asked : 1); i++) at = next_number(at, &each);
  if (asked < 0 || !at || (is(lr, "[") && !strchr("[]", at[strspn(at, SPACE)]))) {
    return refuse(-32602, "steps is a number, lr one or as many");
  }
  printf("\"result\":{\"losses\":[");
  for (at = lr; done < asked && !end; done++) {
    if (is(lr, "[") || done == 0) at = next_number(at, &each);
    double loss = train_step(each);
    if (done > 0) putchar(',');
    print_loss(loss);
    smoothed = 0.9 * smoothed + 0.1 * loss;
    weight = 0.9 * weight + 0.1;
    if (!isfinite(loss)) end = "diverged";
    else if (smoothed / weight > most) end = "halt";
  }
  printf("],\"steps\":%ld,", done);
  if (end) printf("\"end\":\"%s\",", end);
  return 1;
}

static int sync_folder(char *path) {
  int folder = open(dirname(path), O_RDONLY);
  int is_done = folder >= 0 && fsync(folder) == 0;
  return (folder < 0 || close(folder) == 0) && is_done;
}

static int save(char *path) {
  char temporary[PATH_ROOM + 4];
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  FILE *file = fopen(temporary, "w");
  if (!file) return 0;
  fprintf(file, "%ld %.17g %.17g %.17g\n", model.step, model.lr, model.slope, model.offset);
  int is_written = fflush(file) == 0 && fsync(fileno(file)) == 0;
  return fclose(file) == 0 && is_written && rename(temporary, path) == 0 && sync_folder(path);
}

static int restore(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  struct model it;
  int found = fscanf(file, "%ld %lf %lf %lf", &it.step, &it.lr, &it.slope, &it.offset);
  if (found == 4) model = it;
  return fclose(file) == 0 && found == 4;
}

static int discard(const char *path) {
  return remove(path) == 0 || errno == ENOENT;
}

static int keep(const char *method, const char *params) {
  const char *id = field(params, "id"), *value = field(params, "path");
  char path[PATH_ROOM];
  if (!value) return refuse(-32002, "checkpoints are kept in files alone");
  if (!is(id, "\"")) return refuse(-32602, "id is no string");
  if (!read_string(value, path, sizeof path)) return refuse(-32602, "path is no plain string");
  int restores = is(method, "\"restore\""), saves = is(method, "\"save\"");
  if (restores && access(path, F_OK) != 0) return refuse(-32001, "there is no such checkpoint");
  errno = 0;
  int is_done = saves ? save(path) : restores ? restore(path) : discard(path);
  if (!is_done) return refuse(-32004, errno ? strerror(errno) : "the file is damaged");
  return printf("\"result\":{\"id\":%.*s,", (int)(after_string(id) - id), id);
}

static int tell_loss(void) {
  printf("\"result\":{\"loss\":");
  print_loss(validate());
  return printf(",");
}

static int initialize(void) {
  printf("\"result\":{\"protocol\":1,\"trainer\":{\"name\":\"regression.c\"},\"total\":%d,", TOTAL);
  printf("\"can\":{\"validate\":true,\"disk\":true,\"memory\":false,\"rewind\":true},");
  return printf("\"groups\":[1],\"world\":1,\"holds\":[\"slope\",\"offset\"],");
}

/* Begins an answer; 0 if it is whole already. */
static int answer(const char *method, const char *params) {
  if (is(method, "\"initialize\"")) return initialize();
  if (is(method, "\"train\"")) return train(params);
  if (is(method, "\"validate\"")) return tell_loss();
  if (is(method, "\"shutdown\"")) return printf("\"result\":{");
  int keeps = is(method, "\"save\"") || is(method, "\"restore\"") || is(method, "\"discard\"");
  return keeps ? keep(method, params) : refuse(-32601, "there is no such method");
}

static int serve(void) {
  char *line = NULL;
  size_t room = 0;
  int is_over = 0;
  while (!is_over && getline(&line, &room, stdin) > 0) {
    const char *id = field(line, "id"), *method = field(line, "method");
    if (!id) continue; /* a notification: there is nothing to do */
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    printf("{\"jsonrpc\":\"2.0\",\"id\":%.*s,", (int)strcspn(id, ",}" SPACE), id);
    if (answer(method, field(line, "params"))) finish(began);
    fflush(stdout);
    is_over = is(method, "\"shutdown\"");
  }
  free(line);
  return is_over;
}

int main(void) {
  const char *driven = getenv("AUTOLRS");
  if (driven && !strcmp(driven, "1")) {
    if (!serve()) return fputs("regression: the tuner is gone without a shutdown\n", stderr), 1;
  } else {
    while (model.step < TOTAL) train_step(model.lr);
  }
  printf("validation loss %.17g\n", validate());
  return 0;
}
