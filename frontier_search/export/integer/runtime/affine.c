/* s = b + W x */
P_APART const P_FLASH P_number *P_int_affine(const P_FLASH P_number *w, const P_FLASH int32_t *b, const P_number *x, int32_t *s, int n, int m)
{
    do {
        int32_t sum = *b++;
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
