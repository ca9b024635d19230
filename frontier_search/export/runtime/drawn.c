/* y = W x + b with rows w_1 w_2 ... b that a generator draws from (-scale, scale): PCG64, whose
   state is 128 bits; 24 of the 64 bits that it gives are used */
P_APART float P_draw(uint32_t *state, float scale)
{
    static const P_FLASH uint32_t factor[4] = {0x9FCCF645u, 0x4385DF64u, 0x1FC65DA4u, 0x2360ED05u};
    uint32_t next[4] = {state[4], state[5], state[6], state[7]};
    int i = 0;
    do {
        uint64_t carry = 0;
        int j = 0;
        do {
            carry = carry + (uint64_t)state[i] * factor[j] + next[i + j];
            next[i + j] = (uint32_t)carry;
            carry = carry >> 32;
        } while (i + ++j < 4);
    } while (++i < 4);
    i = 0;
    do
        state[i] = next[i];
    while (++i < 4);
    uint64_t folded = ((uint64_t)(next[3] ^ next[1]) << 32) | (next[2] ^ next[0]);
    int turn = (int)(next[3] >> 26);
    folded = folded >> turn | folded << (-turn & 63);
    return (float)((int32_t)(folded >> 40) - 0x800000) * scale;
}

P_APART void P_drawn(const P_FLASH uint32_t *seed, const float *x, float *y, int n, int m, float scale)
{
    uint32_t state[8];
    for (int i = 0; i < 8; i++)
        state[i] = seed[i];
    do {
        float s = 0;
        const float *at = x;
        int j = m;
        do
            s = s + *at++ * P_draw(state, scale);
        while (--j);
        *y++ = s + P_draw(state, scale);
    } while (--n);
}
