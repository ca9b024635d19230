/* Called by the emulator for every block of instructions that it executes: counts its instructions
   and notes the lowest stack pointer. A callback in Python takes a hundred times as long. */
#include <stdint.h>

typedef int (*read_register)(void *machine, int number, void *value);

struct counter {
    uint64_t instructions;
    uint64_t lowest;
    const uint8_t *image;
    uint64_t start;
    uint64_t size;
    uint16_t *known; /* of the block at each address: its instructions, or 0 */
    read_register read; /* or 0: the stack is not looked at */
    int32_t stack_pointer;
    int32_t riscv;
};

void count_block(void *machine, uint64_t address, uint32_t size, struct counter *counter)
{
    uint64_t at = address - counter->start, end = at + size, pointer = 0;
    if (end <= counter->size) {
        uint16_t *known = counter->known + at / 2;
        if (!*known)
            while (at < end) {
                unsigned low = counter->image[at] | counter->image[at + 1] << 8;
                int wide = counter->riscv ? (low & 3) == 3 : low >> 11 >= 29;
                at += wide ? 4 : 2;
                ++*known;
            }
        counter->instructions += *known;
    }
    if (!counter->read)
        return;
    counter->read(machine, counter->stack_pointer, &pointer);
    pointer &= 0xffffffff;
    if (pointer < counter->lowest)
        counter->lowest = pointer;
}
