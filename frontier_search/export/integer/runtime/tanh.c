/* tanh(v / 2^12) 2^15, between two entries of a table for [0, 6] with 16 entries for 1 */
P_APART int32_t P_int_tanh(int32_t v)
{
    static const P_FLASH int16_t table[97] = {@TABLE@};
    int32_t size = v < 0 ? -v : v, found = 32767;
    if (size < 24576) {
        const P_FLASH int16_t *at = table + (size >> 8);
        found = at[0] + (((at[1] - at[0]) * (size & 255) + 128) >> 8);
    }
    return v < 0 ? -found : found;
}
