/* p = the k x k pixels of an image of side x side from (top, left) on; zeros outside of it */
P_APART void P_patch(const float *x, float *p, int side, int k, int top, int left)
{
    for (int i = top; i < top + k; i++)
        for (int j = left; j < left + k; j++)
            *p++ = i >= 0 && i < side && j >= 0 && j < side ? x[i * side + j] : 0;
}
