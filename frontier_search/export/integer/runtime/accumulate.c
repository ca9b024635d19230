/* s = s + W x */
P_APART const P_FLASH P_number *P_int_accumulate(const P_FLASH P_number *w, const P_number *x, int32_t *s, int n, int m)
{
    do {
        int32_t sum = *s;
        const P_number *at = x;
        int j = m;
        do {
            sum += (int32_t)*at++ * *w++;
            P_STEP(w);
        } while (--j);
        *s++ = sum;
    } while (--n);
    return w;
}
