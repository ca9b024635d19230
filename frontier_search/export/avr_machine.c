/* Executes a program of an AVR core, row by row, and counts its instructions: a machine of simavr
   with as much memory as its addresses reach, so that a model that a small part cannot hold is
   executed too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_core.h>

enum { SP_LOW = R_SPL - 32, SP_HIGH = R_SPH - 32 }; /* as OUT addresses them */
enum { FLASH_END = 0x1ffff, RAM_END = 0xffff }; /* what 16 bits address: words of code, bytes */
enum { FAULT = -1, ENDLESS = -2, NO_CORE = -3, MOST = 2000000000 };

struct program {
    const uint8_t *image;
    uint32_t size;
    const uint8_t *variables;
    uint32_t n_variables;
    uint32_t entry;
    uint16_t ram, top, input, output; /* addresses: of variables, of the stack, of x and of y */
};

static void set_word(uint8_t *registers, uint16_t value)
{
    registers[0] = value & 255;
    registers[1] = value >> 8;
}

/* Whether an instruction writes a half of the stack pointer: OUT, to this address. */
static int writes(const uint8_t *code, int address)
{
    uint16_t word = code[0] | code[1] << 8;
    return (word & 0xf800) == 0xb800 && ((word >> 5 & 0x30) | (word & 0xf)) == address;
}

/* Calls the function once. Returns its instructions, or what went wrong. */
static int64_t call(avr_t *avr, const struct program *program, uint32_t *lowest)
{
    uint32_t stop = (program->size + 1) & ~1u;
    int64_t count = 0;
    int half = 0; /* whether one half of the stack pointer is new and the other one is not */
    avr->data[program->top] = stop >> 1 & 255; /* the address to return to, in words */
    avr->data[program->top - 1] = stop >> 9;
    set_word(avr->data + R_SPL, program->top - 2);
    set_word(avr->data + 24, program->input); /* the first arguments are in r24 and r22 */
    set_word(avr->data + 22, program->output);
    avr->data[1] = 0; /* which compiled code takes for granted */
    avr->pc = program->entry;
    while (avr->pc != stop) {
        half = (half || writes(avr->flash + avr->pc, SP_HIGH)) && !writes(avr->flash + avr->pc, SP_LOW);
        avr->run_cycle_count = 1; /* one instruction at a time */
        avr->pc = avr_run_one(avr);
        if (avr->state != cpu_Running)
            return FAULT;
        if (++count > MOST)
            return ENDLESS;
        uint32_t pointer = avr->data[R_SPL] | avr->data[R_SPH] << 8;
        if (!half && pointer < *lowest)
            *lowest = pointer;
    }
    return count;
}

/* Writes the outputs and the instructions of n rows, and the bytes of the deepest stack.
   Returns 0 or, with the number of the row in `stack`, what went wrong. */
int execute(const char *name, const struct program *program, const float *x, uint32_t d, float *y,
            uint32_t o, uint32_t n, int64_t *instructions, uint32_t *stack)
{
    avr_t *avr = avr_make_mcu_by_name(name);
    if (!avr)
        return NO_CORE;
    avr->log = LOG_NONE;
    avr->flashend = FLASH_END;
    avr->ramend = RAM_END;
    avr_init(avr);
    avr->log = LOG_NONE;
    memcpy(avr->flash, program->image, program->size);
    memcpy(avr->data + program->ram, program->variables, program->n_variables);
    uint32_t lowest = program->top;
    int problem = 0;
    for (uint32_t i = 0; i < n && !problem; i++) {
        avr->state = cpu_Running;
        memcpy(avr->data + program->input, x + (size_t)i * d, 4 * d);
        instructions[i] = call(avr, program, &lowest);
        memcpy(y + (size_t)i * o, avr->data + program->output, 4 * o);
        if (instructions[i] < 0) {
            problem = (int)instructions[i];
            *stack = i;
        }
    }
    if (!problem)
        *stack = program->top - lowest;
    avr_terminate(avr);
    free(avr);
    return problem;
}
