/* One epoch of minibatch AdamW, validation and selection for models of a stack, one model after
 * another.
 *
 *   dense      a_0 = x,  a_l = phi(W_l a_{l-1} + b_l),  y = W_L a_{L-1} + b_L  (+ W_skip x)
 *   reservoir  h_0 = phi(W_in x + b_in),  h_{t+1} = k phi(h_t + phi(G h_t)) + (1 - k) h_t,  y = W_h
 * h_T + W_skip x + b
 *
 * A dense layer may lack b or phi. A reservoir's W_in may be fixed, or have a spline on every edge,
 * and its G may be a product of learned factors.
 *
 * The torch networks (models/networks/feedforward.py, low_rank.py, reservoir.py, fixed_input.py,
 * spline.py and factored.py) are the definition, and a contract test holds this file to them. Every number is a float32. The learned tensors lie as in
 * training/stack.py: one block a name, (n_models, rows, columns), and are changed in place.
 * Activations are feature-major: [feature][row], the rows of a minibatch innermost and padded with
 * zeros to a multiple of LANES, so that no width needs padding. A padded row has the gradient zero.
 *
 * A model reads nothing of another one, so its result does not depend on its stack, its cohort or
 * its thread. Plain C on the vector extension of GCC and clang: no library but libm, no Python.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <xmmintrin.h>
#endif

enum { LANES = 8, MAX_TENSORS = 32, MAX_BLOCKS = 16 };
enum { BLOCK = 1 << 16 }; /* floats of the rows that are packed at a time: they fit the cache */
enum { AHEAD = 16 };      /* rows that are fetched before they are packed */
enum task { REGRESSION, BINARY, MULTICLASS };
enum kind { DENSE, RESERVOIR };
enum activation { TANH, RELU };
enum input { LEARNED, FIXED, SPLINE };
enum learns { NOTHING, SHARED, PER_LEVEL, RANK_ONE };

/* A fixed graph G of one model, applied as a matrix of rows, or as the factors of a Kronecker
 * product less its diagonal. */
struct graph {
    const int32_t *start,
        *column; /* rows of G: the entries of row i are start[i] .. start[i + 1] - 1 */
    const float* value;
    const int32_t *start_t, *column_t; /* rows of G transposed */
    const float* value_t;
    const int32_t* factor_size; /* n_factors of them; the factors lie one behind the other in
                                   factor, row by row */
    const float* factor;
    const float* loops; /* (H,), the diagonal of the product */
    const float* dense; /* (H, H), where most entries are not zero; else NULL */
    int32_t n_factors;  /* 0: the rows */
};

/* The rows of all seeds: a table, and how the training rows of each seed scale it. */
struct table {
    const float *x, *y; /* (R, d) and (R, n_targets); a class is its number */
    const float *shift, *factor, *fill; /* (S, d), or NULL; fill stands for NaN */
    const float *y_shift, *y_factor;    /* (S, n_targets), or NULL */
    const float* weight;                /* (S, R), of the rows, or NULL */
    const double* val_weight;           /* (S,), the sum of those of the validation rows */
    int32_t n_rows, n_inputs, n_targets;
};

/* One product of a dense network. */
struct layer {
    int32_t width, biased, active;
};

/* G_t = rho (F_1 (x) ... (x) F_L) with learned factors, multiplied out to a few blocks. */
struct factors {
    int32_t learns, size, levels, n_blocks;
    const int32_t* block; /* levels of each block */
    const float* fixed;   /* (size, size), K of RANK_ONE */
    const float* radius;  /* of each model: rho */
};

struct stack { /* these are mirrored in structs.py */
    int32_t kind, task, activation, n_inputs, hidden, n_outputs;
    int32_t n_layers, skip, input, basis, gated, leaky, select_best;
    int32_t n_models, n_tensors, batch, n_train, n_val, epoch;
    int64_t updates;       /* made before this epoch */
    const int32_t* shape;  /* rows and columns of each tensor */
    const int64_t* offset; /* of each tensor's block in flat */
    const int32_t* seed;   /* of each model: the position of its rows */
    const int32_t* steps;  /* of each model: T */
    const float *rate, *decay;
    float *flat, *mean, *square, *selected;
    const struct table* table;
    const int32_t *train, *val; /* (S, n_train) and (S, n_val), rows of the table */
    const int32_t* order;       /* (S, n_train), positions in train, of this epoch */
    const float *val_x, *val_y; /* as pack() leaves them, or NULL: they are packed in each epoch */
    const struct layer* layer;      /* the last one is the readout */
    const struct graph* graph;      /* of each model, or NULL */
    const struct factors* factors;  /* or NULL */
    const float* input_map;         /* (n_models, H, d + 1) of a FIXED input */
    const float* leak;              /* (n_models, H), or NULL */
    double* selected_loss;
    int64_t *selected_epoch, *diverged_epoch;
    double *val_loss, *train_loss; /* of each model, in this epoch: written by train_epoch */
};

/* ---- vectors ------------------------------------------------------------------------------- */

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float* p) { return *(const loose*)p; }
INLINE void store(float* p, vec x) { *(loose*)p = x; }
INLINE vec every(float x) { return (vec){x, x, x, x, x, x, x, x}; }
INLINE vec pick(ivec mask, vec yes, vec no) {
    return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}
INLINE vec clamp(vec x, float low, float high) {
    return pick(x < every(low), every(low), pick(x > every(high), every(high), x));
} /* keeps NaN */
INLINE vec larger(vec x, vec y) { return pick(x > y, x, y); }
INLINE float sum(vec x) {
    float total = 0;
    for (int i = 0; i < LANES; i++) total += x[i];
    return total;
}
INLINE vec root(vec x) {
    for (int i = 0; i < LANES; i++) x[i] = sqrtf(x[i]);
    return x;
}

/* e^x = 2^n e^r with |r| <= ln 2 / 2; the polynomial of Moshier's Cephes library, within 2 ulp. NaN
 * stays NaN. */
INLINE vec exponential(vec x) {
    x = clamp(x, -87.f, 88.f);
    vec scaled = x * 1.44269504f;
    scaled = pick(x == x, scaled + pick(scaled > every(0), every(0.5f), every(-0.5f)), every(0));
    ivec n = __builtin_convertvector(scaled, ivec);
    vec whole = __builtin_convertvector(n, vec);
    vec r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    vec p = every(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.f;
    return p * (vec)((n + 127) << 23);
}

/* tanh as Eigen's rational minimax function of degree 13/6: within 4 ulp, one division. NaN stays
 * NaN. Beyond 9 it is 1 exactly, as in float32 it is, so that a saturated unit has the slope 0. */
INLINE vec hyperbolic_tangent(vec given) {
    const vec x = clamp(given, -7.90531110763549805f, 7.90531110763549805f);
    vec y = x * x;
    vec p = every(-2.76076847742355e-16f);
    p = p * y + 2.00018790482477e-13f;
    p = p * y + -8.60467152213735e-11f;
    p = p * y + 5.12229709037114e-08f;
    p = p * y + 1.48572235717979e-05f;
    p = p * y + 6.37261928875436e-04f;
    p = p * y + 4.89352455891786e-03f;
    vec q = every(1.19825839466702e-06f);
    q = q * y + 1.18534705686654e-04f;
    q = q * y + 2.26843463243900e-03f;
    q = q * y + 4.89352518554385e-03f;
    return pick(given > every(9), every(1), pick(given < every(-9), every(-1), p * x / q));
}

static int padded(int n) { return (n + LANES - 1) / LANES * LANES; }

/* ---- products: C[m][n] = (add ? C[m][n] : bias[m]) + sum_k A[m][k] B[k][n] ------------------- */

struct matrix { /* A[m][k] = at[m * row + k * column]: a matrix, or its transpose */
    const float* at;
    long row, column;
};

INLINE struct matrix plain(const float* at, long columns) {
    return (struct matrix){at, columns, 1};
}
INLINE struct matrix turned(const float* at, long columns) {
    return (struct matrix){at, 1, columns};
}

INLINE void tile(const int m_rows, const int n_vectors, int depth, struct matrix a, const float* b,
                 long b_row, float* c, long c_row, const float* bias, int add) {
    vec total[6][2];
    for (int m = 0; m < m_rows; m++)
        for (int n = 0; n < n_vectors; n++)
            total[m][n] = add ? load(c + m * c_row + n * LANES) : every(bias ? bias[m] : 0.f);
    for (int k = 0; k < depth; k++) {
        vec right[2];
        for (int n = 0; n < n_vectors; n++) right[n] = load(b + k * b_row + n * LANES);
        for (int m = 0; m < m_rows; m++) {
            vec left = every(a.at[m * a.row + k * a.column]);
            for (int n = 0; n < n_vectors; n++) total[m][n] += left * right[n];
        }
    }
    for (int m = 0; m < m_rows; m++)
        for (int n = 0; n < n_vectors; n++) store(c + m * c_row + n * LANES, total[m][n]);
}

INLINE void strip(const int n_vectors, int rows, int depth, struct matrix a, const float* b,
                  long b_row, float* c, long c_row, const float* bias, int add) {
    int m = 0;
#define ROWS(count)                                                                         \
    do {                                                                                    \
        tile(count, n_vectors, depth, a, b, b_row, c, c_row, bias, add);                    \
        a.at += (count) * a.row, c += (count) * c_row, bias = bias ? bias + (count) : bias; \
        m += (count);                                                                       \
    } while (0)
    while (rows - m >= 6 && rows - m != 8) ROWS(6);
    while (rows - m >= 4) ROWS(4);
    while (rows - m >= 2) ROWS(2);
    if (m < rows) ROWS(1);
#undef ROWS
}

/* columns is a multiple of LANES. */
static void product(int rows, int columns, int depth, struct matrix a, const float* b, long b_row,
                    float* c, long c_row, const float* bias, int add) {
    int n = 0;
    for (; n + 2 * LANES <= columns; n += 2 * LANES)
        strip(2, rows, depth, a, b + n, b_row, c + n, c_row, bias, add);
    if (n < columns) strip(1, rows, depth, a, b + n, b_row, c + n, c_row, bias, add);
}

/* to[c][r] = from[r][c]; both have room for multiples of LANES. */
static void transpose(int rows, int columns, const float* from, long from_row, float* to,
                      long to_row) {
    for (int r = 0; r < rows; r += 8)
        for (int c = 0; c < columns; c += 8) {
            vec x[8], y[8];
            for (int i = 0; i < 8; i++) x[i] = load(from + (r + i) * from_row + c);
            for (int i = 0; i < 8; i += 2) {
                y[i] = __builtin_shufflevector(x[i], x[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
                y[i + 1] = __builtin_shufflevector(x[i], x[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
            }
            for (int i = 0; i < 8; i += 4)
                for (int j = i; j < i + 2; j++) {
                    x[j] = __builtin_shufflevector(y[j], y[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
                    x[j + 2] = __builtin_shufflevector(y[j], y[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
                }
            for (int i = 0; i < 4; i++) {
                store(to + (c + i) * to_row + r,
                      __builtin_shufflevector(x[i], x[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
                store(to + (c + i + 4) * to_row + r,
                      __builtin_shufflevector(x[i], x[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
            }
        }
}

/* out = (add ? out : 0) + G h for a graph given by its rows, n_vectors vectors of data at a time.
 */
INLINE void sparse_strip(const int n_vectors, int hidden, const int32_t* start,
                         const int32_t* column, const float* value, const float* h, float* out,
                         long row, int add) {
    for (int i = 0; i < hidden; i++) {
        vec total[4];
        for (int j = 0; j < n_vectors; j++)
            total[j] = add ? load(out + i * row + j * LANES) : every(0);
        for (int e = start[i]; e < start[i + 1]; e++) {
            const vec weight = every(value[e]);
            const float* from = h + column[e] * row;
            for (int j = 0; j < n_vectors; j++) total[j] += weight * load(from + j * LANES);
        }
        for (int j = 0; j < n_vectors; j++) store(out + i * row + j * LANES, total[j]);
    }
}

static void sparse_product(int hidden, const int32_t* start, const int32_t* column,
                           const float* value, const float* h, float* out, long row, int columns,
                           int add) {
    int n = 0;
    for (; n + 4 * LANES <= columns; n += 4 * LANES)
        sparse_strip(4, hidden, start, column, value, h + n, out + n, row, add);
    for (; n < columns; n += LANES)
        sparse_strip(1, hidden, start, column, value, h + n, out + n, row, add);
}

/* out = (add ? out : 0) + (F_1 (x) ... (x) F_L - loops) h, or its transpose; scratch holds two
 * copies of h. */
static void factored_product(const struct graph* g, int transposed, int hidden, const float* h,
                             float* out, float* scratch, long row, int columns, int add) {
    const float *from = h, *factor = g->factor;
    int left = 1;
    for (int f = 0; f < g->n_factors; f++) {
        const int size = g->factor_size[f], right = hidden / (left * size);
        float* to = scratch + (f % 2) * hidden * row;
        memset(to, 0, sizeof(float) * hidden * row);
        for (int l = 0; l < left; l++)
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++) {
                    const float weight = transposed ? factor[j * size + i] : factor[i * size + j];
                    if (weight == 0) continue;
                    float* into = to + (long)(l * size + i) * right * row;
                    const float* source = from + (long)(l * size + j) * right * row;
                    for (int r = 0; r < right; r++)
                        for (int n = 0; n < columns; n += LANES)
                            store(into + r * row + n,
                                  load(into + r * row + n) + weight * load(source + r * row + n));
                }
        from = to, factor += size * size, left *= size;
    }
    for (int i = 0; i < hidden; i++)
        for (int n = 0; n < columns; n += LANES) {
            vec message = load(from + i * row + n) - g->loops[i] * load(h + i * row + n);
            store(out + i * row + n, add ? load(out + i * row + n) + message : message);
        }
}

/* ---- losses -------------------------------------------------------------------------------- */

/* The summed loss of n rows, times their weights where there are any: squared error (the mean over
 * targets), log loss of one logit, or cross-entropy. y is (o, row), and so are several targets. */
static double loss(enum task task, int n_outputs, int n, const float* y, long row,
                   const float* target, const float* weight) {
    double total = 0;
    for (int start = 0; start < n; start += LANES) {
        vec most = every(0), sums = every(0);
        if (task == MULTICLASS) {
            most = load(y + start);
            for (int c = 1; c < n_outputs; c++) most = larger(load(y + c * row + start), most);
            for (int c = 0; c < n_outputs; c++)
                sums += exponential(load(y + c * row + start) - most);
        }
        for (int b = start; b < n && b < start + LANES; b++) {
            double own = 0;
            if (task == REGRESSION) {
                for (int c = 0; c < n_outputs; c++) {
                    const float error = y[c * row + b] - target[c * row + b];
                    own += (double)(error * error);
                }
                own /= n_outputs;
            } else if (task == BINARY) {
                const float logit = y[b];
                own = (logit < 0 ? 0 : logit) - logit * target[b] + log1pf(expf(-fabsf(logit)));
            } else {
                const float hit = y[(long)target[b] * row + b];
                own = (double)(logf(sums[b - start]) + most[b - start] - hit);
            }
            total += weight ? weight[b] * own : own;
        }
    }
    return total;
}

/* The sum of the first n lanes of x, each times its weight where there is one. */
INLINE double weighted_sum(vec x, int n, const float* weight) {
    double total = 0;
    for (int i = 0; i < LANES && i < n; i++) total += (double)(weight ? weight[i] * x[i] : x[i]);
    return total;
}

/* The same sum of x + log(f). Without weights one logarithm serves all lanes: f lies between 1 and
 * the number of classes. */
INLINE double weighted_sum_with_log(vec x, vec f, int n, const float* weight) {
    double factor = 1;
    for (int i = 0; i < LANES && i < n; i++) {
        if (weight)
            x[i] += logf(f[i]);
        else
            factor *= (double)f[i];
    }
    return weighted_sum(x, n, weight) + log(factor);
}

/* Replaces the outputs y by the gradient of the mean loss over n rows, each times its weight where
 * there is one; zero in padded rows. Returns the summed loss, as loss() does, which takes a
 * logarithm a row. */
static double loss_gradient(enum task task, int n_outputs, int n, float* y, long row,
                            const float* target, const float* weight) {
    const float share = 1.f / n;
    double lost = 0;
    for (int b = 0; b < n; b += LANES) {
        vec x = every(0);
        if (task == REGRESSION) {
            for (int c = 0; c < n_outputs; c++) {
                const vec error = load(y + c * row + b) - load(target + c * row + b);
                x += error * error;
                store(y + c * row + b, error * (2 * share / n_outputs));
            }
            lost += weighted_sum(x / (float)n_outputs, n - b, weight ? weight + b : NULL);
        } else if (task == BINARY) {
            const vec small = exponential(-pick(load(y + b) < every(0), -load(y + b), load(y + b)));
            const vec chance = pick(load(y + b) < every(0), small, every(1)) / (1 + small);
            x = pick(load(y + b) < every(0), every(0), load(y + b)) - load(y + b) * load(target + b);
            lost += weighted_sum_with_log(x, 1 + small, n - b, weight ? weight + b : NULL);
            store(y + b, (chance - load(target + b)) * share);
        } else {
            vec most = load(y + b), total = every(0);
            for (int c = 1; c < n_outputs; c++) most = larger(load(y + c * row + b), most);
            for (int i = 0; i < LANES && b + i < n; i++)
                x[i] = most[i] - y[(long)target[b + i] * row + b + i];
            for (int c = 0; c < n_outputs; c++) {
                const vec e = exponential(load(y + c * row + b) - most);
                total += e;
                store(y + c * row + b, e);
            }
            for (int c = 0; c < n_outputs; c++)
                store(y + c * row + b, load(y + c * row + b) / total * share);
            lost += weighted_sum_with_log(x, total, n - b, weight ? weight + b : NULL);
        }
    }
    if (task == MULTICLASS)
        for (int b = 0; b < n; b++) y[(long)target[b] * row + b] -= share;
    for (int c = 0; weight && c < n_outputs; c++)
        for (int b = 0; b < n; b += LANES)
            store(y + c * row + b, load(y + c * row + b) * load(weight + b));
    for (int c = 0; c < n_outputs; c++)
        for (int b = n; b < padded(n); b++) y[c * row + b] = 0;
    return lost;
}

/* ---- one model ----------------------------------------------------------------------------- */

struct trainer {
    const struct stack* stack;
    float* learned[MAX_TENSORS];  /* of the model at hand */
    float* gradient[MAX_TENSORS]; /* each row padded to a multiple of LANES */
    long gradient_row[MAX_TENSORS];
    const struct graph* graph;
    const float* leak;
    float update; /* k: how much of an update a gated model takes */
    int steps;
    int block;       /* rows that are packed at a time: whole minibatches */
    long row;        /* length of a padded minibatch */
    float** state;   /* h_0 .. h_T, or the activations of the layers */
    float** message; /* phi(G h_t) */
    float** next;    /* phi(h_t + phi(G h_t)); h_{t+1} itself where nothing is mixed */
    float *output, *d_state, *d_message, *flipped, *scratch;
    const float* input_map;
    float* map_bias;          /* the last column of the fixed input map */
    float* basis;             /* the basis functions of a minibatch, [input][function][row] */
    float *factor, *d_factor; /* suffix products of each block and their gradients, by step */
    long factor_length;       /* of one step */
    float radius;
    float *x, *x_flipped, *target; /* the packed minibatches of one block */
};

/* Blocks of zeros, aligned for vectors, that are freed together. */
struct arena {
    void* last; /* each block begins with the address of the one before it */
    int failed;
};

static float* room(struct arena* arena, long length) {
    const size_t bytes = (sizeof(float) * (size_t)length + 2 * 64 + 63) / 64 * 64;
    void* block = aligned_alloc(64, bytes);
    if (!block) {
        arena->failed = 1;
        return NULL;
    }
    memset(block, 0, bytes);
    *(void**)block = arena->last, arena->last = block;
    return (float*)((char*)block + 64);
}

static void release(struct arena* arena) {
    while (arena->last) {
        void* block = arena->last;
        arena->last = *(void**)block;
        free(block);
    }
}

static void activate(const struct stack* s, float* x, long length) {
    if (s->activation == RELU)
        for (long i = 0; i < length; i += LANES)
            store(x + i, pick(load(x + i) < every(0), every(0), load(x + i)));
    else
        for (long i = 0; i < length; i += LANES) store(x + i, hyperbolic_tangent(load(x + i)));
}

/* dx *= phi'(z), given y = phi(z). */
static void slope(const struct stack* s, float* dx, const float* y, long length) {
    for (long i = 0; i < length; i += LANES) {
        const vec out = load(y + i);
        store(dx + i, s->activation == RELU ? pick(out > every(0), load(dx + i), every(0))
                                            : load(dx + i) * (1 - out * out));
    }
}

static void propagate(const struct trainer* t, int transposed, const float* h, float* out,
                      int columns, int add) {
    const struct graph* g = t->graph;
    if (g->n_factors)
        factored_product(g, transposed, t->stack->hidden, h, out, t->scratch, t->row, columns, add);
    else if (g->dense)
        product(t->stack->hidden, columns, t->stack->hidden,
                transposed ? turned(g->dense, t->stack->hidden) : plain(g->dense, t->stack->hidden),
                h, t->row, out, t->row, NULL, add);
    else if (transposed)
        sparse_product(t->stack->hidden, g->start_t, g->column_t, g->value_t, h, out, t->row,
                       columns, add);
    else
        sparse_product(t->stack->hidden, g->start, g->column, g->value, h, out, t->row, columns,
                       add);
}

INLINE float mixed(const struct trainer* t, int unit) {
    return t->leak ? t->leak[unit] : t->update;
}

static void forward_dense(struct trainer* t, const float* x, int columns) {
    const struct stack* s = t->stack;
    const float* in = x;
    int width = s->n_inputs, tensor = 0;
    for (int l = 0; l < s->n_layers; l++) {
        const struct layer layer = s->layer[l];
        float* out = l < s->n_layers - 1 ? t->state[l] : t->output;
        const float* bias = layer.biased ? t->learned[tensor + 1] : NULL;
        product(layer.width, columns, width, plain(t->learned[tensor], width), in, t->row, out,
                t->row, bias, 0);
        if (layer.active) activate(s, out, (long)layer.width * t->row);
        in = out, width = layer.width, tensor += 1 + layer.biased;
    }
    if (s->skip)
        product(s->n_outputs, columns, s->n_inputs, plain(t->learned[tensor], s->n_inputs), x,
                t->row, t->output, t->row, NULL, 1);
}

/* ---- a reservoir's input ------------------------------------------------------------------- */

enum { GRID = 2 }; /* a spline's grid is [-GRID, GRID] */

INLINE vec ramp(vec x) { return pick(x < every(0), every(0), x); }

/* The quadratic B-splines of models/networks/spline.py: basis[i * K + k] of every input i. */
static void expand(struct trainer* t, const float* x, int columns) {
    const int K = t->stack->basis;
    const float per_interval = (K - 2) / (2.f * GRID), last = (float)(K - 2);
    for (int i = 0; i < t->stack->n_inputs; i++)
        for (int b = 0; b < columns; b += LANES) {
            const vec position = (load(x + i * t->row + b) + (float)GRID) * per_interval;
            const vec inside = clamp(position, 0, last), beyond = position - inside;
            const vec below = -ramp(-beyond), above = ramp(beyond);
            for (int k = 0; k < K; k++) {
                vec distance = inside - (k - 0.5f);
                distance = pick(distance < every(0), -distance, distance);
                const vec far = ramp(1.5f - distance), near = ramp(0.5f - distance);
                vec value = 0.5f * far * far - 1.5f * near * near;
                if (k < 2) value += below * (k ? 1.f : -1.f);
                if (k >= K - 2) value += above * (k == K - 1 ? 1.f : -1.f);
                store(t->basis + ((long)i * K + k) * t->row + b, value);
            }
        }
}

/* The tensors of the readout over x: W_skip and b; and of that over h. */
static int skip_tensor(const struct stack* s) { return s->input == SPLINE; }
static int bias_tensor(const struct stack* s) { return s->input == LEARNED ? 1 : 2; }
static int readout_tensor(const struct stack* s) {
    return s->input == LEARNED ? 2 : s->input == FIXED ? 1 : 3;
}

/* h_0, and what x adds to the outputs. */
static void read_input(struct trainer* t, const float* x, int columns) {
    const struct stack* s = t->stack;
    const int H = s->hidden, o = s->n_outputs, d = s->n_inputs;
    const long length = (long)H * t->row;
    float* h = t->state[0];
    if (s->input == LEARNED) { /* W_in and W_skip are rows of one tensor: one product serves both */
        product(H + o, columns, d, plain(t->learned[0], d), x, t->row, h, t->row, t->learned[1], 0);
        memcpy(t->output, h + length, sizeof(float) * o * t->row);
    } else {
        if (s->input == FIXED) {
            product(H, columns, d, plain(t->input_map, d + 1), x, t->row, h, t->row, t->map_bias,
                    0);
        } else {
            expand(t, x, columns);
            product(H, columns, d * s->basis, plain(t->learned[0], d * s->basis), t->basis, t->row,
                    h, t->row, NULL, 0);
        }
        product(o, columns, d, plain(t->learned[skip_tensor(s)], d), x, t->row, t->output, t->row,
                t->learned[bias_tensor(s)], 0);
    }
    activate(s, h, length);
}

/* ---- learned factors of a graph ------------------------------------------------------------ */

static float* level_of(const struct trainer* t, float* const* tensors, int level) {
    const struct factors* f = t->stack->factors;
    return tensors[3] + (f->learns == SHARED ? 0 : (long)level * f->size * f->size);
}

/* F of one level of one step, rho in the first one; into to. */
static void level_factor(const struct trainer* t, int step, int level, float* to) {
    const struct factors* f = t->stack->factors;
    const int n = f->size;
    const float scale = level ? 1 : t->radius;
    if (f->learns != RANK_ONE) {
        const float* from = level_of(t, t->learned, level);
        for (int i = 0; i < n * n; i++) to[i] = scale * from[i];
        return;
    }
    const long at = ((long)step * f->levels + level) * n;
    const float *u = t->learned[3] + at, *v = t->learned[4] + at;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) to[i * n + j] = scale * (f->fixed[i * n + j] + u[i] * v[j]);
}

/* Of the levels first .. first + count - 1 the suffix products, the longest first, and behind each
 * one its first factor. Returns the longest one's rows. */
static int multiply_out(const struct trainer* t, int step, int first, int count, float* to) {
    const int n = t->stack->factors->size;
    if (count == 1) {
        level_factor(t, step, first, to);
        return n;
    }
    int rows = 1;
    for (int i = 0; i < count; i++) rows *= n;
    float *a = to + (long)rows * rows, *rest = a + n * n;
    const int inner = multiply_out(t, step, first + 1, count - 1, rest);
    level_factor(t, step, first, a);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int r = 0; r < inner; r++)
                for (int c = 0; c < inner; c++)
                    to[(i * inner + r) * rows + j * inner + c] =
                        a[i * n + j] * rest[r * inner + c];
    return rows;
}

/* The gradient of a block, in d, becomes those of its levels, which are added up. d is laid out as
 * the block, and changed. */
static void share_gradient(struct trainer* t, int step, int first, int count, const float* block,
                           float* d) {
    const struct factors* f = t->stack->factors;
    const int n = f->size;
    if (count > 1) {
        int rows = 1;
        for (int i = 0; i < count; i++) rows *= n;
        const int inner = rows / n;
        const float *a = block + (long)rows * rows, *rest = a + n * n;
        float *da = d + (long)rows * rows, *d_rest = da + n * n;
        memset(d_rest, 0, sizeof(float) * inner * inner);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                float total = 0;
                for (int r = 0; r < inner; r++) {
                    const float* from = d + (long)(i * inner + r) * rows + j * inner;
                    for (int c = 0; c < inner; c++) {
                        total += from[c] * rest[r * inner + c];
                        d_rest[r * inner + c] += from[c] * a[i * n + j];
                    }
                }
                da[i * n + j] = total;
            }
        share_gradient(t, step, first + 1, count - 1, rest, d_rest);
        d = da;
    }
    const float scale = first ? 1 : t->radius;
    const long row = t->gradient_row[3];
    if (f->learns != RANK_ONE) {
        const int top = f->learns == SHARED ? 0 : first * n;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                t->gradient[3][(top + i) * row + j] += scale * d[i * n + j];
        return;
    }
    const long at = (long)step * f->levels + first;
    const float *u = t->learned[3] + at * n, *v = t->learned[4] + at * n;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            t->gradient[3][at * row + i] += scale * d[i * n + j] * v[j];
            t->gradient[4][at * row + j] += scale * d[i * n + j] * u[i];
        }
}

/* The floats of a block of some levels, with its suffix products. */
static long block_length(int size, int count) {
    long rows = size, total = rows * rows;
    for (int i = 1; i < count; i++) rows *= size, total += rows * rows + (long)size * size;
    return total;
}
static int block_rows(const struct factors* f, int block) {
    int rows = 1;
    for (int i = 0; i < f->block[block]; i++) rows *= f->size;
    return rows;
}

/* Each step has its own factors where u and v are learned. */
static int factor_steps(const struct trainer* t) {
    return t->stack->factors->learns == RANK_ONE ? t->steps : 1;
}
static long step_factors(const struct trainer* t, int step) {
    return (t->stack->factors->learns == RANK_ONE ? step : 0) * t->factor_length;
}

/* Multiplies out the factors of the model at hand. */
static void make_factors(struct trainer* t) {
    const struct factors* f = t->stack->factors;
    for (int step = 0; step < factor_steps(t); step++) {
        float* to = t->factor + step * t->factor_length;
        for (int b = 0, first = 0; b < f->n_blocks; first += f->block[b], b++) {
            multiply_out(t, step, first, f->block[b], to);
            to += block_length(f->size, f->block[b]);
        }
    }
}

/* Every block's product, one after another: product b goes to copies of h in scratch, from the
 * first on, and the last one to out, if there is an out. */
static void apply_factors(struct trainer* t, int step, const float* h, float* out) {
    const struct factors* f = t->stack->factors;
    const int H = t->stack->hidden;
    const float *from = h, *factor = t->factor + step_factors(t, step);
    int left = 1;
    for (int b = 0; b < f->n_blocks - !out; b++) {
        const int size = block_rows(f, b);
        const long wide = (long)H / (left * size) * t->row;
        float* to = b == f->n_blocks - 1 ? out : t->scratch + (long)b * H * t->row;
        for (int l = 0; l < left; l++)
            product(size, (int)wide, size, plain(factor, size), from + l * size * wide, wide,
                    to + l * size * wide, wide, NULL, 0);
        from = to, left *= size, factor += block_length(f->size, f->block[b]);
    }
}

/* sum over the columns of n_rows rows of a and b, each row_length floats behind the one before. */
static float dot(const float* a, const float* b, long n_rows, long row_length, int columns) {
    vec total = every(0);
    for (long r = 0; r < n_rows; r++)
        for (int i = 0; i < columns; i += LANES)
            total += load(a + r * row_length + i) * load(b + r * row_length + i);
    return sum(total);
}

/* Adds G^T d to dh, and the gradients of the blocks to d_factor. d is changed. */
static void learn_factors(struct trainer* t, int step, const float* h, float* d, float* dh,
                          int columns) {
    const struct factors* f = t->stack->factors;
    const int H = t->stack->hidden;
    apply_factors(t, step, h, NULL);
    long at[MAX_BLOCKS], end = step_factors(t, step);
    for (int b = 0; b < f->n_blocks; b++)
        at[b] = end, end += block_length(f->size, f->block[b]);
    float *other = t->scratch + (long)f->n_blocks * H * t->row, *given = d;
    int right = 1;
    for (int b = f->n_blocks - 1; b >= 0; b--) {
        const int size = block_rows(f, b), left = H / (size * right);
        const long wide = right * t->row;
        const float* in = b ? t->scratch + (long)(b - 1) * H * t->row : h;
        float* to = b ? (given == d ? other : d) : dh;
        for (int l = 0; l < left; l++) {
            const float *out_d = given + l * size * wide, *from = in + l * size * wide;
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    t->d_factor[at[b] + i * size + j] +=
                        dot(out_d + i * wide, from + j * wide, right, t->row, columns);
            product(size, (int)wide, size, turned(t->factor + at[b], size), out_d, wide,
                    to + l * size * wide, wide, NULL, b == 0);
        }
        given = to, right *= size;
    }
}

/* From the gradients of the blocks those of the learned scalars. */
static void factor_gradient(struct trainer* t) {
    const struct factors* f = t->stack->factors;
    for (int step = 0; step < factor_steps(t); step++) {
        long at = step * t->factor_length;
        for (int b = 0, first = 0; b < f->n_blocks; first += f->block[b], b++) {
            share_gradient(t, step, first, f->block[b], t->factor + at, t->d_factor + at);
            at += block_length(f->size, f->block[b]);
        }
    }
}

/* ---- a reservoir --------------------------------------------------------------------------- */

static void forward_reservoir(struct trainer* t, const float* x, int columns) {
    const struct stack* s = t->stack;
    const int H = s->hidden, o = s->n_outputs;
    const long length = (long)H * t->row;
    read_input(t, x, columns);
    if (s->gated) t->update = 1 / (1 + expf(-t->learned[3][0]));
    for (int step = 0; step < t->steps; step++) {
        float *h = t->state[step], *message = t->message[step], *next = t->next[step];
        if (s->factors)
            apply_factors(t, step, h, message);
        else
            propagate(t, 0, h, message, columns, 0);
        for (long i = 0; i < length; i += LANES) {
            const vec heard = hyperbolic_tangent(load(message + i));
            store(message + i, heard);
            store(next + i, hyperbolic_tangent(load(h + i) + heard));
        }
        if (s->gated || s->leaky)
            for (int j = 0; j < H; j++)
                for (long i = j * t->row; i < (j + 1) * t->row; i += LANES)
                    store(t->state[step + 1] + i,
                          load(h + i) + mixed(t, j) * (load(next + i) - load(h + i)));
    }
    product(o, columns, H, plain(t->learned[readout_tensor(s)], H), t->state[t->steps], t->row,
            t->output, t->row, NULL, 1);
}

static void forward(struct trainer* t, const float* x, int columns) {
    (t->stack->kind == DENSE ? forward_dense : forward_reservoir)(t, x, columns);
}

/* gradient[tensor] = d_out in^T, given in transposed. */
static void weight_gradient(struct trainer* t, int tensor, int outs, int ins, const float* d_out,
                            const float* in_flipped, long flipped_row, int columns) {
    product(outs, padded(ins), columns, plain(d_out, t->row), in_flipped, flipped_row,
            t->gradient[tensor], t->gradient_row[tensor], NULL, 0);
}

static void bias_gradient(struct trainer* t, int tensor, int outs, const float* d_out,
                          int columns) {
    for (int i = 0; i < outs; i++) {
        vec total = every(0);
        for (int b = 0; b < columns; b += LANES) total += load(d_out + i * t->row + b);
        t->gradient[tensor][i * t->gradient_row[tensor]] = sum(total);
    }
}

/* Each backward pass finds the gradient of the loss with respect to the outputs in t->output. */
static void backward_dense(struct trainer* t, int columns) {
    const struct stack* s = t->stack;
    float *d_out = t->output, *d_in = t->d_state, *other = t->d_message;
    int tensor = s->n_tensors;
    if (s->skip)
        weight_gradient(t, --tensor, s->n_outputs, s->n_inputs, d_out, t->x_flipped,
                        padded(s->n_inputs), columns);
    for (int l = s->n_layers - 1; l >= 0; l--) {
        const int outs = s->layer[l].width;
        tensor -= 1 + s->layer[l].biased;
        if (s->layer[l].biased) bias_gradient(t, tensor + 1, outs, d_out, columns);
        if (l == 0) {
            weight_gradient(t, 0, outs, s->n_inputs, d_out, t->x_flipped, padded(s->n_inputs),
                            columns);
            break;
        }
        const int ins = s->layer[l - 1].width;
        transpose(padded(ins), padded(columns), t->state[l - 1], t->row, t->flipped, padded(ins));
        weight_gradient(t, tensor, outs, ins, d_out, t->flipped, padded(ins), columns);
        product(ins, columns, outs, turned(t->learned[tensor], ins), d_out, t->row, d_in, t->row,
                NULL, 0);
        if (s->layer[l - 1].active) slope(s, d_in, t->state[l - 1], (long)ins * t->row);
        d_out = d_in, d_in = other, other = d_out;
    }
}

static void backward_reservoir(struct trainer* t, int columns) {
    const struct stack* s = t->stack;
    const int H = s->hidden, o = s->n_outputs;
    const int mixes = s->gated || s->leaky;
    const long length = (long)H * t->row;
    const int readout = readout_tensor(s), wide = padded(s->n_inputs);
    float *dh = t->d_state, *dm = t->d_message;
    double gate = 0;
    transpose(padded(H), padded(columns), t->state[t->steps], t->row, t->flipped, padded(H));
    weight_gradient(t, readout, o, H, t->output, t->flipped, padded(H), columns);
    if (s->input != LEARNED) {
        weight_gradient(t, skip_tensor(s), o, s->n_inputs, t->output, t->x_flipped, wide, columns);
        bias_gradient(t, bias_tensor(s), o, t->output, columns);
    }
    if (s->input == FIXED) return; /* nothing before the readout is learned */
    product(H, columns, o, turned(t->learned[readout], H), t->output, t->row, dh, t->row, NULL, 0);
    if (s->factors) {
        memset(t->d_factor, 0, sizeof(float) * factor_steps(t) * t->factor_length);
        for (int tensor = 3; tensor < s->n_tensors; tensor++)
            memset(t->gradient[tensor], 0,
                   sizeof(float) * s->shape[2 * tensor] * t->gradient_row[tensor]);
    }
    for (int step = t->steps - 1; step >= 0; step--) {
        for (int j = 0; j < H; j++) {
            const float k = mixes ? mixed(t, j) : 1;
            vec change = every(0);
            for (long i = j * t->row; i < j * t->row + columns; i += LANES) {
                const vec d_next = load(dh + i), next = load(t->next[step] + i),
                          heard = load(t->message[step] + i);
                if (s->gated) change += d_next * (next - load(t->state[step] + i));
                const vec d_sum = k * d_next * (1 - next * next);
                store(dm + i, d_sum * (1 - heard * heard));
                store(dh + i, mixes ? d_sum + (1 - k) * d_next : d_sum);
            }
            if (s->gated) gate += sum(change);
        }
        if (s->factors)
            learn_factors(t, step, t->state[step], dm, dh, columns);
        else
            propagate(t, 1, dm, dh, columns, 1);
    }
    if (s->factors) factor_gradient(t);
    if (s->gated) t->gradient[3][0] = (float)(gate * t->update * (1 - t->update));
    slope(s, dh, t->state[0], length);
    if (s->input == SPLINE) {
        const int terms = s->n_inputs * s->basis;
        transpose(padded(terms), padded(columns), t->basis, t->row, t->flipped, padded(terms));
        weight_gradient(t, 0, H, terms, dh, t->flipped, padded(terms), columns);
        return;
    }
    memcpy(dm, dh, sizeof(float) * length);
    memcpy(dm + length, t->output, sizeof(float) * o * t->row);
    weight_gradient(t, 0, H + o, s->n_inputs, dm, t->x_flipped, wide, columns);
    bias_gradient(t, 1, H + o, dm, columns);
}

/* AdamW (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2), as
 * training/optimiser.py writes it. */
static void update(const struct trainer* t, int model, int64_t updates) {
    const struct stack* s = t->stack;
    const float unbiased = (float)sqrt(1 - pow(0.999, (double)updates)),
                bias = (float)(1 - pow(0.9, (double)updates));
    const float step = s->rate[model] * unbiased / bias, tiny = 1e-8f * unbiased,
                kept = 1 - s->rate[model] * s->decay[model];
    for (int tensor = 0; tensor < s->n_tensors; tensor++) {
        const int columns = s->shape[2 * tensor + 1];
        for (int r = 0; r < s->shape[2 * tensor]; r++) {
            const long at = t->learned[tensor] - s->flat + (long)r * columns;
            const float* gradient = t->gradient[tensor] + r * t->gradient_row[tensor];
            float *p = s->flat + at, *mean = s->mean + at, *square = s->square + at;
            int c = 0;
            for (; c + LANES <= columns; c += LANES) {
                const vec g = load(gradient + c), m = load(mean + c) + (g - load(mean + c)) * 0.1f;
                const vec v = load(square + c) * 0.999f + g * g * 0.001f;
                store(mean + c, m), store(square + c, v);
                store(p + c, load(p + c) * kept - step * (m / (root(v) + tiny)));
            }
            for (; c < columns; c++) {
                const float g = gradient[c], m = mean[c] += (g - mean[c]) * 0.1f,
                            v = square[c] = square[c] * 0.999f + g * g * 0.001f;
                p[c] = p[c] * kept - step * (m / (sqrtf(v) + tiny));
            }
        }
    }
}

static int all_finite(const struct trainer* t) {
    for (int tensor = 0; tensor < t->stack->n_tensors; tensor++) {
        const long length = (long)t->stack->shape[2 * tensor] * t->stack->shape[2 * tensor + 1];
        for (long i = 0; i < length; i++)
            if (!isfinite(t->learned[tensor][i])) return 0;
    }
    return 1;
}

/* Keeps the epoch with the smallest validation loss, or the last one. A loss that is not a number
 * is never the smallest. */
static void select_epoch(const struct trainer* t, int model, double val_loss) {
    const struct stack* s = t->stack;
    s->val_loss[model] = val_loss;
    if (!(isfinite(val_loss) && all_finite(t)) && !s->diverged_epoch[model])
        s->diverged_epoch[model] = s->epoch;
    if (s->select_best && !(val_loss < s->selected_loss[model])) return;
    s->selected_loss[model] = val_loss, s->selected_epoch[model] = s->epoch;
    for (int tensor = 0; tensor < s->n_tensors; tensor++) {
        const long length = (long)s->shape[2 * tensor] * s->shape[2 * tensor + 1];
        memcpy(s->selected + (t->learned[tensor] - s->flat), t->learned[tensor],
               sizeof(float) * length);
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* One row of a seed, scaled. */
static void scaled_row(const struct table* t, int seed, long from, float* to) {
    const int d = t->n_inputs;
    const float* x = t->x + from * d;
    if (!t->shift) {
        memcpy(to, x, sizeof(float) * d);
        return;
    }
    const float *shift = t->shift + (long)seed * d, *factor = t->factor + (long)seed * d;
    for (int i = 0; i < d; i++) {
        const float value = t->fill && isnan(x[i]) ? t->fill[(long)seed * d + i] : x[i];
        to[i] = (value - shift[i]) * factor[i];
    }
}

/* The rows of a minibatch of targets: the targets, and then the weights where there are any. */
static int target_rows(const struct table* t) { return t->n_targets + (t->weight != NULL); }

/* n rows of a seed, in an order where there is one: as minibatches (d, batch) padded with zeros in
 * packed, and row by row in flipped. */
static void pack_rows(const struct table* t, int seed, int n, int batch, const int32_t* rows,
                      const int32_t* order, float* packed, float* flipped, float* target) {
    const int row = padded(batch), d = t->n_inputs, width = padded(d), k = t->n_targets;
    const float *y_shift = t->y_shift ? t->y_shift + (long)seed * k : NULL,
                *y_factor = t->y_shift ? t->y_factor + (long)seed * k : NULL;
    for (int start = 0; start < n; start += batch) {
        const int count = n - start < batch ? n - start : batch;
        memset(flipped, 0, sizeof(float) * row * width);
        memset(target, 0, sizeof(float) * target_rows(t) * row);
        for (int b = 0; b < count; b++) {
            const int at = start + b, ahead = at + AHEAD < n ? at + AHEAD : at;
            const long from = rows[order ? order[at] : at];
            __builtin_prefetch(t->x + (long)rows[order ? order[ahead] : ahead] * d);
            scaled_row(t, seed, from, flipped + (long)b * width);
            for (int i = 0; i < k; i++) {
                const float y = t->y[from * k + i];
                target[i * row + b] = y_shift ? (y - y_shift[i]) * y_factor[i] : y;
            }
            if (t->weight) target[k * row + b] = t->weight[(long)seed * t->n_rows + from];
        }
        transpose(row, width, flipped, width, packed, row);
        flipped += (long)row * width, packed += (long)row * width;
        target += target_rows(t) * row;
    }
}

/* The floats that pack() writes for the rows of one seed. */
long packed_length(int n, int d, int batch) {
    return (long)((n + batch - 1) / batch) * padded(batch) * padded(d);
}
long packed_targets(const struct table* t, int n, int batch) {
    return (long)((n + batch - 1) / batch) * padded(batch) * target_rows(t);
}

/* The rows (S, n) of a table as minibatches of every seed. Returns 0, or 1 when there is no memory.
 */
int pack(const struct table* t, int n_seeds, int n, int batch, const int32_t* rows, float* packed,
         float* target) {
    const long length = packed_length(n, t->n_inputs, batch);
    float* flipped = malloc(sizeof(float) * (size_t)length);
    if (!flipped) return 1;
    for (int seed = 0; seed < n_seeds; seed++)
        pack_rows(t, seed, n, batch, rows + (long)seed * n, NULL, packed + seed * length, flipped,
                  target + seed * packed_targets(t, n, batch));
    free(flipped);
    return 0;
}

/* Whether this processor and its system run the build with AVX2 and FMA. Asked of the processor
 * itself, because not every compiler's __builtin_cpu_supports knows: zig's says no. */
int has_avx2(void) {
#if defined(__x86_64__)
    const unsigned saves = bit_OSXSAVE | bit_AVX | bit_FMA;
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & saves) != saves) return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0)); /* registers the system keeps */
    return (low & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_AVX2;
#else
    return 0;
#endif
}

/* The digest of this file that the build was given. library.py refuses another one, because its
 * structs may have changed since. */
uint64_t source_digest(void) {
#ifdef SOURCE_DIGEST
    return SOURCE_DIGEST;
#else
    return 0;
#endif
}

/* ---- one epoch ----------------------------------------------------------------------------- */

static int prepare(struct trainer* t, struct arena* arena, const struct stack* s, int most_steps) {
    const int o = s->n_outputs, terms = s->input == SPLINE ? s->n_inputs * s->basis : s->n_inputs;
    int H = s->hidden;
    for (int l = 0; l < s->n_layers; l++)
        if (s->layer[l].width > H) H = s->layer[l].width;
    t->stack = s, t->row = padded(s->batch);
    const long tall = (long)(padded(H) + padded(o)) * t->row,
               widest = (long)padded(H > terms ? H : terms) * t->row;
    const int states = s->kind == DENSE ? s->n_layers - 1 : most_steps + 1;
    float** pointers = (float**)room(arena, 2L * 3 * (states + 1));
    if (!pointers) return 0;
    t->state = pointers, t->message = pointers + states + 1, t->next = pointers + 2 * (states + 1);
    for (int i = 0; i < states; i++) {
        const int own = s->kind == DENSE || i == 0 || s->gated || s->leaky;
        if (s->kind == RESERVOIR && i < states - 1)
            t->message[i] = room(arena, tall), t->next[i] = room(arena, tall);
        t->state[i] = own ? room(arena, tall) : t->next[i - 1];
    }
    for (int tensor = 0; tensor < s->n_tensors; tensor++) {
        t->gradient_row[tensor] = padded(s->shape[2 * tensor + 1]);
        t->gradient[tensor] = room(arena, s->shape[2 * tensor] * t->gradient_row[tensor]);
    }
    t->output = room(arena, (long)padded(o) * t->row), t->d_state = room(arena, tall),
    t->d_message = room(arena, tall);
    t->flipped = room(arena, widest);
    t->scratch = room(arena, (s->factors ? s->factors->n_blocks + 1L : 2L) * H * t->row);
    if (s->input == FIXED) t->map_bias = room(arena, H);
    if (s->input == SPLINE) t->basis = room(arena, (long)padded(terms) * t->row);
    if (s->factors) {
        for (int b = 0; b < s->factors->n_blocks; b++)
            t->factor_length += block_length(s->factors->size, s->factors->block[b]);
        t->factor = room(arena, most_steps * t->factor_length);
        t->d_factor = room(arena, most_steps * t->factor_length);
    }
    const int most = s->n_train > s->n_val ? s->n_train : s->n_val;
    t->block = BLOCK / (t->row * padded(s->n_inputs)) * s->batch;
    if (t->block < s->batch) t->block = s->batch;
    if (t->block > most) t->block = most;
    t->x = room(arena, packed_length(t->block, s->n_inputs, s->batch)),
    t->x_flipped = room(arena, packed_length(t->block, s->n_inputs, s->batch));
    t->target = room(arena, packed_targets(s->table, t->block, s->batch));
    return !arena->failed;
}

/* Makes one model the model at hand. */
static void turn_to(struct trainer* t, int model) {
    const struct stack* s = t->stack;
    for (int tensor = 0; tensor < s->n_tensors; tensor++)
        t->learned[tensor] = s->flat + s->offset[tensor] +
                             (long)model * s->shape[2 * tensor] * s->shape[2 * tensor + 1];
    t->steps = s->steps[model], t->graph = s->graph ? s->graph + model : NULL,
    t->leak = s->leaky ? s->leak + (long)model * s->hidden : NULL;
    if (s->factors) t->radius = s->factors->radius[model], make_factors(t);
    if (s->input == FIXED) {
        t->input_map = s->input_map + (long)model * s->hidden * (s->n_inputs + 1);
        for (int i = 0; i < s->hidden; i++)
            t->map_bias[i] = t->input_map[(long)i * (s->n_inputs + 1) + s->n_inputs];
    }
}

/* The weights of a packed minibatch, behind its targets; NULL where there are none. */
static const float* weights_in(const struct trainer* t, const float* target) {
    const struct table* table = t->stack->table;
    return table->weight ? target + table->n_targets * t->row : NULL;
}

/* Trains the model at hand on n packed rows, minibatch by minibatch, and adds to its training loss
 * what each minibatch loses before its update. */
static void train_on(struct trainer* t, int model, int n, int64_t updates) {
    const struct stack* s = t->stack;
    const long one = t->row * padded(s->n_inputs);
    float* const x_flipped = t->x_flipped;
    int c = 0;
    for (int start = 0; start < n; start += s->batch, c++) {
        const int count = n - start < s->batch ? n - start : s->batch, columns = padded(count);
        t->x_flipped = x_flipped + c * one;
        forward(t, t->x + c * one, columns);
        const float* target = t->target + c * target_rows(s->table) * t->row;
        s->train_loss[model] += loss_gradient(s->task, s->n_outputs, count, t->output, t->row,
                                              target, weights_in(t, target));
        (s->kind == DENSE ? backward_dense : backward_reservoir)(t, columns);
        update(t, model, ++updates);
        if (s->factors) make_factors(t);
    }
    t->x_flipped = x_flipped;
}

/* The total, and to it the loss of the model at hand on each of n packed rows. */
static double add_losses(struct trainer* t, double total, int n, const float* x,
                         const float* target) {
    const struct stack* s = t->stack;
    for (int start = 0; start < n; start += s->batch) {
        const int count = n - start < s->batch ? n - start : s->batch;
        forward(t, x, padded(count));
        total += loss(s->task, s->n_outputs, count, t->output, t->row, target,
                      weights_in(t, target));
        x += t->row * padded(s->n_inputs), target += target_rows(s->table) * t->row;
    }
    return total;
}

/* Trains models of one seed for one epoch. Every block of rows is packed once for all of them. */
static void train_models(struct trainer* t, int seed, const int32_t* models, int n_models) {
    const struct stack* s = t->stack;
    const int32_t *train = s->train + (long)seed * s->n_train,
                  *order = s->order + (long)seed * s->n_train,
                  *val = s->val + (long)seed * s->n_val;
    for (int i = 0; i < n_models; i++) s->train_loss[models[i]] = s->val_loss[models[i]] = 0;
    for (int start = 0; start < s->n_train; start += t->block) {
        const int n = s->n_train - start < t->block ? s->n_train - start : t->block;
        pack_rows(s->table, seed, n, s->batch, train, order + start, t->x, t->x_flipped, t->target);
        for (int i = 0; i < n_models; i++) {
            turn_to(t, models[i]);
            train_on(t, models[i], n, s->updates + start / s->batch);
        }
    }
    const int step = s->val_x ? s->n_val : t->block;
    const float *x = t->x, *target = t->target;
    if (s->val_x)
        x = s->val_x + seed * packed_length(s->n_val, s->n_inputs, s->batch),
        target = s->val_y + seed * packed_targets(s->table, s->n_val, s->batch);
    for (int start = 0; start < s->n_val; start += step) {
        const int n = s->n_val - start < step ? s->n_val - start : step;
        if (!s->val_x)
            pack_rows(s->table, seed, n, s->batch, val + start, NULL, t->x, t->x_flipped,
                      t->target);
        for (int i = 0; i < n_models; i++) {
            turn_to(t, models[i]);
            s->val_loss[models[i]] = add_losses(t, s->val_loss[models[i]], n, x, target);
        }
    }
    const double weight = s->table->weight ? s->table->val_weight[seed] : s->n_val;
    for (int i = 0; i < n_models; i++) {
        turn_to(t, models[i]);
        s->train_loss[models[i]] /= s->n_train; /* where their weights have the mean 1 */
        select_epoch(t, models[i], s->val_loss[models[i]] / weight);
    }
}

/* Numbers too small to matter are zero while training, as in executors/worker.py; the caller's
 * setting is put back. */
static unsigned flush_denormals(int on, unsigned before) {
#if defined(__x86_64__)
    const unsigned mode = _mm_getcsr();
    _mm_setcsr(on ? mode | 0x8040 : before);
    return mode;
#elif defined(__aarch64__)
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" ::"r"(on ? mode | (1 << 24) : (uint64_t)before));
    return (unsigned)mode;
#else
    return before;
#endif
}

/* Trains n_chosen models of a stack, sorted by seed, for one epoch. Returns 0, or 1 when there is no memory; nothing
 * was changed then. */
int train_epoch(const struct stack* s, const int32_t* chosen, int n_chosen) {
    struct arena arena = {0};
    struct trainer trainer = {0};
    int most_steps = 0;
    for (int i = 0; i < n_chosen; i++)
        if (s->steps[chosen[i]] > most_steps) most_steps = s->steps[chosen[i]];
    const int ready = prepare(&trainer, &arena, s, most_steps);
    const unsigned mode = flush_denormals(1, 0);
    for (int first = 0, next; ready && first < n_chosen; first = next) {
        const int seed = s->seed[chosen[first]];
        for (next = first; next < n_chosen && s->seed[chosen[next]] == seed;) next++;
        train_models(&trainer, seed, chosen + first, next - first);
    }
    flush_denormals(0, mode);
    release(&arena);
    return !ready;
}
