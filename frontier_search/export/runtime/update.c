/* h = tanh(h + tanh(scale s)) */
P_APART void P_update(float *h, const float *s, int n, float scale)
{
    for (; n; n--, h++)
        *h = P_tanh(*h + P_tanh(*s++ * scale));
}
